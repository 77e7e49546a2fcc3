/** Time that passes as fast as the work that waits for it. */

import type { Clock } from '../src/clock.js';

interface Timer {
  readonly due: number;
  readonly task: () => void;
}

/**
 * A clock that jumps to the next timer whenever everything else has come to rest. As long as nothing waits for anything
 * but timers and promises, the course of events is the same each time.
 */
export function virtualClock(): Clock {
  const timers = new Set<Timer>();
  let now = Date.UTC(2026, 0, 1);
  let isRunning = false;

  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) if (first === undefined || timer.due < first.due) first = timer;
    return first;
  };

  // All microtasks come first; and then it is not the turn of a timer of the machine.
  const runSoon = (): void => void setImmediate(run);
  const run = (): void => {
    const timer = next();
    isRunning = timer !== undefined;
    if (timer === undefined) return;
    timers.delete(timer);
    now = Math.max(now, timer.due);
    runSoon();
    timer.task();
  };

  return {
    now: () => now,
    after(delay, task) {
      const timer = { due: now + Math.max(0, delay), task };
      timers.add(timer);
      if (!isRunning) runSoon();
      isRunning = true;
      return () => void timers.delete(timer);
    },
  };
}
