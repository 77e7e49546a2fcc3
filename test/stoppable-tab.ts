// A simulated tab that can be stopped wherever its code waits for anything.

import type { Backend } from '../src/backend.js';
import type { Clock } from '../src/clock.js';
import type { KeyValue } from '../src/stores/journaled-store.js';
import { KeyValueBackend } from '../src/stores/key-value.js';
import { storageAreaStore } from '../src/stores/storage-area.js';
import { freeTurn } from '../src/stores/turn.js';
import type { SimulatedTab } from '../src/testing/index.js';
import { capabilities, codec, contextOf } from './key-value-fixture.js';

/** How a storage writes: a whole commit at once, as localStorage, or one key after the other, as localForage. */
export type Writing = 'at once' | 'one by one';

export interface StoppableTab {
  readonly backend: Backend;
  readonly isStopped: boolean;
  stop(): void;
  resume(): void;
}

/**
 * @param clock - of all tabs
 * @param lag - how long a step takes
 */
export async function openStoppable(
  tab: SimulatedTab,
  clock: Clock,
  writing: Writing,
  lag: () => number,
): Promise<StoppableTab> {
  let isStopped = false;
  let late: (() => void)[] = [];
  const ownClock: Clock = {
    now: () => clock.now(),
    after(delay, task) {
      let isOff = false;
      const run = (): void => {
        if (isOff) return;
        if (isStopped) late.push(run);
        else task();
      };
      const cancel = clock.after(delay, run);
      return () => {
        isOff = true;
        cancel();
      };
    },
  };
  const step = (): Promise<void> => new Promise((resolve) => void ownClock.after(lag(), resolve));
  const keyValue = slow(storageAreaStore(tab.storage), writing, step);
  const backend = new KeyValueBackend({
    name: 'stoppable',
    capabilities: () => capabilities,
    find: async () => ({ keyValue, area: 'stoppable' }),
    locks: () => tab.locks,
    codec,
    clock: ownClock,
    monotonic: () => clock.now(),
  });
  await backend.open(contextOf(clock));
  return {
    backend,
    get isStopped() {
      return isStopped;
    },
    stop() {
      isStopped = true;
      tab.stop();
    },
    resume() {
      isStopped = false;
      const tasks = late;
      late = [];
      for (const task of tasks) task();
      // It goes on for a moment before it hears what has happened meanwhile.
      clock.after(lag(), () => {
        if (!isStopped) tab.resume();
      });
    },
  };
}

function slow(inner: KeyValue, writing: Writing, step: () => Promise<void>): KeyValue {
  return {
    async read(keys) {
      await step();
      const values = inner.read(keys);
      await step();
      return values;
    },
    async keys() {
      await step();
      return inner.keys();
    },
    async write(entries, turn) {
      await step();
      if (writing === 'at once') await inner.write(entries, turn);
      else {
        for (const entry of entries) {
          await turn.renew();
          await inner.write([entry], freeTurn);
          await step();
        }
      }
      await step();
    },
  };
}
