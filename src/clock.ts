/** Time, injected: the one place where the library waits. */

import { systemNow, systemTimer } from './environment.js';
import type { EpochMilliseconds, Milliseconds } from './session.js';

/** Tells the time and waits. Inject one to test without waiting. */
export interface Clock {
  now(): EpochMilliseconds;
  /**
   * Runs `task` once, not before `delay` has passed.
   * @param delay - milliseconds; any size, also above 2^31 − 1
   * @returns cancels it
   */
  after(delay: Milliseconds, task: () => void): () => void;
}

// A longer delay overflows a signed 32-bit integer in browsers and in Node, and the timer fires at once.
// https://developer.mozilla.org/docs/Web/API/Window/setTimeout#maximum_delay_value
const longestTimer: Milliseconds = 2 ** 31 - 1;

/** Runs one platform timer of at most {@link longestTimer}. @returns cancels it */
export type Timer = (delay: Milliseconds, task: () => void) => () => void;

/**
 * A {@link Clock} over any source of time, its long delays made of a chain of platform timers. A timer is a hint: it is
 * late in a hidden tab and after sleep, so whoever set it looks at the time again.
 */
export function clockFrom(now: () => EpochMilliseconds, timer: Timer): Clock {
  return {
    now,
    after(delay, task) {
      let cancel = (): void => {};
      const arm = (left: Milliseconds): void => {
        const link = Math.min(Math.max(0, left), longestTimer);
        cancel = timer(link, () => (left > link ? arm(left - link) : task()));
      };
      arm(delay);
      return () => cancel();
    },
  };
}

/** The machine's own clock and timers. */
export const systemClock: Clock = clockFrom(systemNow, systemTimer);
