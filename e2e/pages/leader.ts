/** A tab whose sweeps are written into a log that every tab sees: `window.leader`. */

// oxlint-disable unicorn/require-post-message-target-origin -- a rule for windows; channels have no such argument

import { openStore, type SessionStore } from 'tabkeep/core';
import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
import { tabSync } from 'tabkeep/sync';
import { intervalSweeper } from 'tabkeep/sync/sweepers';

export interface LogEntry {
  readonly tab: string;
  readonly kind: 'start' | 'page' | 'end';
  /** Of the lead; 0 without one. */
  readonly epoch: number;
  /** By the clock that all tabs share. */
  readonly at: number;
}

export interface LeaderOptions {
  readonly tab: string;
  readonly every: number;
  /** How many pages a sweep has beside those of the store, and how long each takes. */
  readonly pages: number;
  readonly pause: number;
  /** Control: each tab sweeps for itself. */
  readonly alone?: boolean;
}

const openLog = (): BroadcastChannel => new BroadcastChannel('leader log');
let channel = openLog();
const pause = (time: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, time));
let opened: LeaderOptions | undefined;
let store: SessionStore<{ count: number }> | undefined;

const leader = {
  /** What the other tabs have done, in a tab that watches. */
  log: [] as LogEntry[],
  failures: [] as string[],
  /** Stands still where no timer runs. */
  ticks: 0,
  persisted: [] as boolean[],

  watch(): void {
    channel.addEventListener('message', ({ data }) => leader.log.push(data as LogEntry));
  },

  async open(options: LeaderOptions): Promise<void> {
    opened = options;
    const { tab, every, pages, pause: time, alone = false } = options;
    const say = (kind: LogEntry['kind'], epoch = 0): void =>
      channel.postMessage({ tab, kind, epoch, at: performance.timeOrigin + performance.now() });
    store = await openStore<{ count: number }>({
      name: 'leader',
      backend: indexedDBBackend(),
      sync: tabSync(),
      sweeper: {
        start: ({ name, openChannel, sweep, onError }) =>
          intervalSweeper({ every }).start({
            name,
            openChannel,
            onError,
            shared: !alone,
            async sweep(lead) {
              say('start', lead?.epoch);
              try {
                for (let page = 0; page < pages; page++) {
                  await lead?.confirm();
                  await pause(time);
                  lead?.check();
                  say('page', lead?.epoch);
                }
                return await sweep(lead);
              } finally {
                say('end', lead?.epoch);
              }
            },
          }),
      },
      onError: (error) => leader.failures.push(String(error)),
    });
  },

  /** Sessions that expire at once, and as many that live. */
  async fill(count: number): Promise<void> {
    const fillOne = async (n: number): Promise<void> => {
      await store!.create({ count: n }, { ttl: { absolute: 1 } });
      await store!.create({ count: n }, { owner: 'alive' });
    };
    await Promise.all(Array.from({ length: count }, (_, n) => fillOne(n)));
  },

  living: async (): Promise<number> => (await store!.listByOwner('alive')).length,

  /** As a tab that is closed, and another that is opened. */
  async reopen(): Promise<void> {
    await store!.close();
    await leader.open(opened!);
  },

  lastEnd(): { tab: string; ends: number } | undefined {
    const ends = leader.log.filter(({ kind }) => kind === 'end');
    return ends.length > 0 ? { tab: ends.at(-1)!.tab, ends: ends.length } : undefined;
  },
};

setInterval(() => leader.ticks++, 50);
addEventListener('pageshow', ({ persisted }) => {
  leader.persisted.push(persisted);
  if (persisted) channel = openLog();
});
// An open one would keep the page from the back button.
addEventListener('pagehide', () => channel.close());

declare global {
  interface Window {
    leader: typeof leader;
  }
}

window.leader = leader;
