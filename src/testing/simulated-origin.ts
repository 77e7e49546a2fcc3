/** One origin of a browser with several tabs, each a process of its own, inside one test. */

import { systemClock, type Clock } from '../clock.js';
import type { Milliseconds } from '../session.js';
import { Pipe } from './pipe.js';
import { randomFrom } from './random.js';
import { SimulatedLockTable } from './simulated-locks.js';
import { SimulatedStorageArea } from './simulated-storage.js';

/** Where several tabs share storage and locks; see {@link simulateOrigin}. */
export interface SimulatedOrigin {
  openTab(): SimulatedTab;
  /** Lets every tab see what any tab has written. */
  settle(): void;
}

/** One tab of a {@link SimulatedOrigin}. */
export interface SimulatedTab {
  /** The origin's storage as this tab sees it: its own writes at once, those of others later, in order. */
  readonly storage: Storage;
  /** The origin's Web Locks: exclusive, shared, `ifAvailable`, `steal`, `signal` and `query()`. */
  readonly locks: LockManager;
  /** Ends the tab as a crash does: its locks are free at once; what it has written still arrives. */
  kill(): void;
  /**
   * Stops the tab as a debugger does, or a browser that freezes it: it keeps its locks, and hears of nothing. Its code is
   * for the test to keep from running.
   */
  stop(): void;
  /** Lets a stopped tab go on, with all that has come for it meanwhile. */
  resume(): void;
}

/** Options of {@link simulateOrigin}. */
export interface SimulatedOriginOptions {
  /** Decides what is late, and by how much; default 1. */
  readonly seed?: number | undefined;
  /** How long a write takes at most, to the browser and again from there to each tab; default 20. */
  readonly lag?: Milliseconds | undefined;
  /** Most characters that storage takes, keys included; default 5 million. */
  readonly quota?: number | undefined;
  /** Default: the machine's. On a clock under control, one seed gives one course of events. */
  readonly clock?: Clock | undefined;
}

// Grants of locks overtake the news of what was written under them, as they do in browsers.
const lockLag: Milliseconds = 1;

/**
 * A {@link SimulatedOrigin}. It does to code what real tabs do: several copies of storage, of which all but one are old.
 *
 * @example
 * ```ts
 * import { localStorageBackend } from 'tabkeep/stores/local-storage';
 * import { simulateOrigin } from 'tabkeep/testing';
 *
 * const origin = simulateOrigin({ seed: 7 });
 * const [one, two] = [origin.openTab(), origin.openTab()];
 * one.storage.setItem('tea', 'green');
 * console.log(two.storage.getItem('tea')); // null
 * origin.settle();
 * console.log(two.storage.getItem('tea')); // 'green'
 *
 * const backend = localStorageBackend({ storage: one.storage, locks: one.locks });
 * ```
 */
export function simulateOrigin({
  seed = 1,
  lag = 20,
  quota = 5_000_000,
  clock = systemClock,
}: SimulatedOriginOptions = {}): SimulatedOrigin {
  const random = randomFrom(seed);
  const pipe = (longest: Milliseconds): Pipe => new Pipe(clock, () => random() * longest);
  const area = new SimulatedStorageArea(quota, () => pipe(lag));
  const table = new SimulatedLockTable();
  let tabs = 0;
  return {
    openTab() {
      const { storage, news, kill: killStorage } = area.open();
      const answers = pipe(lockLag);
      const { locks, kill: killLocks } = table.open(`tab ${++tabs}`, pipe(lockLag), answers);
      const heard = [news, answers];
      return {
        storage,
        locks,
        kill() {
          killStorage();
          killLocks();
        },
        stop() {
          for (const each of heard) each.stop();
        },
        resume() {
          for (const each of heard) each.resume();
        },
      };
    },
    settle() {
      area.settle();
    },
  };
}
