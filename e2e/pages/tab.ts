/** A bare page whose one tab a test drives: `window.tab` opens stores and runs the work that tabs race for. */

import localforage from 'localforage';
import {
  isSessionError,
  openStore,
  type Backend,
  type LiveSession,
  type Session,
  type SessionStore,
  type StoreEvent,
} from 'tabkeep/core';
import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
import { localForageBackend } from 'tabkeep/stores/localforage';
import { localStorageBackend } from 'tabkeep/stores/local-storage';
import { memoryBackend } from 'tabkeep/stores/memory';
import { tabSync } from 'tabkeep/sync';
import { historyRecorder, type HistoryEvent, type RecordedStore } from 'tabkeep/testing';

const backends = {
  indexeddb: () => indexedDBBackend(),
  'local-storage': () => localStorageBackend(),
  'localforage over indexeddb': () => forage(localforage.INDEXEDDB),
  'localforage over local-storage': () => forage(localforage.LOCALSTORAGE),
  memory: () => memoryBackend(),
} satisfies Record<string, () => Backend>;

export type BackendName = keyof typeof backends;

export interface Data {
  count: number;
}

/** What became of one call: its session, or the error's own words. */
export type Outcome =
  | { readonly ok: true; readonly id: string; readonly version: number }
  | {
      readonly ok: false;
      readonly code: string;
      readonly actual?: number | undefined;
      readonly current?: { readonly id: string; readonly version: number } | undefined;
      readonly successor?: string | undefined;
    };

function forage(driver: string): Backend {
  return localForageBackend(localforage.createInstance({ name: 'forage', driver }));
}

let opened: SessionStore<Data> | undefined;
let recorded: RecordedStore<Data> | undefined;
let history: readonly HistoryEvent[] = [];
let live: LiveSession<Data> | undefined;
const events: StoreEvent[] = [];
const failures: string[] = [];

const tab = {
  events,
  failures,

  get store(): SessionStore<Data> {
    if (opened === undefined) throw new Error('Open a store first.');
    return opened;
  },

  /** The store, with everything written down for {@link tab.history} that is asked of it. */
  get recorded(): RecordedStore<Data> {
    if (recorded === undefined) throw new Error('Open a store first.');
    return recorded;
  },

  history: (): readonly HistoryEvent[] => structuredClone(history),

  get live(): LiveSession<Data> {
    if (live === undefined) throw new Error('Ask for the current session first.');
    return live;
  },

  async open(backend: BackendName, name: string): Promise<void> {
    opened = await openStore<Data>({
      name,
      backend: backends[backend](),
      sync: tabSync(),
      onError: (error) => failures.push(String(error)),
    });
    opened.subscribe((event) => events.push(event));
    const recorder = historyRecorder({ client: crypto.randomUUID() });
    recorded = recorder.record(opened);
    history = recorder.events;
  },

  /** As if it had just been loaded, for the next test. */
  async reset(): Promise<void> {
    await opened?.close();
    opened = undefined;
    live = undefined;
    events.length = 0;
    failures.length = 0;
  },

  /** Waits here, since every question from outside is a long way. @throws Error when it does not come true */
  until: async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
    const given = performance.now() + 20_000;
    while (!(await isTrue())) {
      if (performance.now() > given) throw new Error(`Never came true: ${String(isTrue)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },

  async current(): Promise<string> {
    live = await tab.store.current({ create: () => ({ count: 0 }) });
    return live.id;
  },

  /** Increments one session, one call after another. */
  async increment(id: string, times: number): Promise<void> {
    for (let i = 0; i < times; i++) await tab.recorded.update(id, (data) => void data.count++);
  },

  /** The same, all calls at once. */
  async incrementAtOnce(id: string, times: number): Promise<void> {
    const one = (): Promise<unknown> => tab.recorded.update(id, (data) => void data.count++);
    await Promise.all(Array.from({ length: times }, one));
  },

  rotateAtOnce: (id: string, times: number): Promise<Outcome[]> =>
    settled(times, () => tab.recorded.rotate(id)),

  saveAtOnce: (id: string, expectedVersion: number, times: number): Promise<Outcome[]> =>
    settled(times, (i) => tab.recorded.saveIfVersion(id, { count: i }, expectedVersion)),

  /** Writes until it is refused. @returns the code of the refusal */
  async saveUntilRefused(id: string): Promise<string> {
    for (let count = 0; ; count++) {
      const [outcome] = await settled(1, () => tab.store.save(id, { count }));
      if (outcome?.ok === false) return outcome.code;
    }
  },

  /** Rotates for ever, and ends and renews a crowd of sessions, until the tab is killed. */
  async churn(crowd: number): Promise<never> {
    await tab.current();
    for (;;) {
      await tab.live.rotate();
      const renewed = Array.from({ length: crowd }, () =>
        tab.store.create({ count: 0 }, { owner: 'crowd' }),
      );
      await Promise.all(renewed);
      await tab.live.rotate();
      await tab.store.endAll('crowd');
    }
  },
};

function settled(times: number, call: (i: number) => Promise<Session<Data>>): Promise<Outcome[]> {
  return Promise.all(
    Array.from({ length: times }, async (_, i): Promise<Outcome> => {
      try {
        const { id, version } = await call(i);
        return { ok: true, id, version };
      } catch (error) {
        if (!isSessionError(error)) throw error;
        const { code, actual, current, successor } = error;
        const seen = current && { id: current.id, version: current.version };
        return { ok: false, code, actual, current: seen, successor };
      }
    }),
  );
}

export type Tab = typeof tab;

declare global {
  interface Window {
    tab: Tab;
  }
}

window.tab = tab;
