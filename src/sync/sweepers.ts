/** `tabkeep/sync/sweepers`: who calls `sweep()`, so that nobody has to. */

import { systemClock, type Clock } from '../clock.js';
import { checkMilliseconds } from '../expiry.js';
import type { Sweeper } from '../ports.js';
import type { Milliseconds } from '../session.js';
import { startSweeping, type Trigger } from './sweeping.js';
import { onWake, thisPage } from './wake.js';

export { alarmSweeper, type AlarmsApi, type AlarmSweeperOptions } from './alarm-sweeper.js';

/** Options of {@link intervalSweeper}. */
export interface IntervalSweeperOptions {
  /** Time between two sweeps; default one minute. Above 0 and at most 2^53 − 1: 30 days are fine. */
  readonly every?: Milliseconds | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Sweeps when the store opens, then at intervals, and when the page is shown, focused, resumed or online again. In a hidden
 * tab the intervals may stretch, which does no harm: no read returns what has expired, swept or not (R6).
 *
 * Concurrency: of several tabs the one that leads sweeps, where there are Web Locks; where there are none each sweeps for
 *   itself. A leader that crashes has a successor at once; one that hangs is replaced after an interval and 7
 *   seconds where the store has a `sync`, and else when it goes on or is closed
 *
 * @throws TypeError, RangeError when `every` is not above 0 and at most 2^53 − 1
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { memoryBackend } from 'tabkeep/stores/memory';
 * import { intervalSweeper } from 'tabkeep/sync/sweepers';
 *
 * const store = await openStore({
 *   name: 'shop',
 *   backend: memoryBackend(),
 *   sweeper: intervalSweeper({ every: 5 * 60_000 }),
 * });
 * ```
 */
export function intervalSweeper(options: IntervalSweeperOptions = {}): Sweeper {
  const { every = 60_000, clock = systemClock } = options;
  checkMilliseconds('every', every);
  return { start: (context) => startSweeping(context, [interval(every, clock), wake(clock)]) };
}

function interval(every: Milliseconds, clock: Clock): Trigger {
  return (due) => {
    let cancel: () => void;
    const arm = (): void => {
      cancel = clock.after(every, () => {
        arm();
        due();
      });
    };
    arm();
    return () => cancel();
  };
}

function wake(clock: Clock): Trigger {
  return (due) => onWake(due, thisPage(), clock);
}
