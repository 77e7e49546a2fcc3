/** Time under the test's control. */

import type { Clock } from '../clock.js';
import { nextTurn } from '../environment.js';
import type { EpochMilliseconds, Milliseconds } from '../session.js';

/** A {@link Clock} that moves only when it is told to. */
export interface FakeClock extends Clock {
  /**
   * Lets time pass: every timer that falls due runs at its own moment, in order, and what it starts gets a turn to run.
   *
   * Units: milliseconds, any size
   */
  advance(by: Milliseconds): Promise<void>;
  /** Sets the wall clock, as a user or a time server does: timers count on, since no time has passed. */
  set(now: EpochMilliseconds): void;
  /** How many timers wait. */
  readonly waiting: number;
}

interface WaitingTimer {
  readonly due: Milliseconds;
  readonly task: () => void;
}

/**
 * A {@link FakeClock}. Give one to every store of a test, or each its own to have tabs whose clocks disagree.
 *
 * @param start - what it shows at first; default 2026-01-01T00:00Z
 * @example
 * ```ts
 * import { fakeClock } from 'tabkeep/testing';
 *
 * const clock = fakeClock();
 * let rang = false;
 * clock.after(90 * 86_400_000, () => (rang = true));
 * await clock.advance(90 * 86_400_000);
 * console.log(rang); // true
 * ```
 */
export function fakeClock(start: EpochMilliseconds = Date.UTC(2026, 0, 1)): FakeClock {
  const timers = new Set<WaitingTimer>();
  let elapsed: Milliseconds = 0;
  let zero = start;

  const firstUntil = (end: Milliseconds): WaitingTimer | undefined => {
    let first: WaitingTimer | undefined;
    for (const timer of timers) {
      if (timer.due <= end && (first === undefined || timer.due < first.due)) first = timer;
    }
    return first;
  };

  return {
    now: () => zero + elapsed,
    after(delay, task) {
      const timer = { due: elapsed + Math.max(0, delay), task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(by) {
      const end = elapsed + by;
      for (let timer = firstUntil(end); timer !== undefined; timer = firstUntil(end)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.due);
        timer.task();
        await nextTurn();
      }
      elapsed = end;
      await nextTurn();
    },
    set(now) {
      zero = now - elapsed;
    },
    get waiting() {
      return timers.size;
    },
  };
}
