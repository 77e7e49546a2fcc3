import { describe, expect, test, vi } from 'vitest';
import { clockFrom, systemClock, type Timer } from './clock.js';

const longestTimer = 2 ** 31 - 1;

/** A platform whose timers overflow: what is too long fires at once. */
function overflowingPlatform() {
  let now = 0;
  const waiting = new Map<object, { due: number; task: () => void }>();
  const asked: number[] = [];
  const timer: Timer = (delay, task) => {
    asked.push(delay);
    const key = {};
    waiting.set(key, { due: now + (delay > longestTimer ? 1 : delay), task });
    return () => waiting.delete(key);
  };
  const pass = (until: number): void => {
    for (;;) {
      const [key, first] =
        [...waiting].filter(([, { due }]) => due <= until).sort((a, b) => a[1].due - b[1].due)[0] ??
        [];
      if (key === undefined || first === undefined) break;
      waiting.delete(key);
      now = first.due;
      first.task();
    }
    now = until;
  };
  return { clock: clockFrom(() => now, timer), asked, pass, waiting };
}

describe('clockFrom', () => {
  test.each([30, 90, 400])('R6 %i days are not over early', (days) => {
    const { clock, pass, asked } = overflowingPlatform();
    const task = vi.fn<() => void>();
    const delay = days * 86_400_000;
    clock.after(delay, task);
    pass(delay - 1);
    expect(task).not.toHaveBeenCalled();
    pass(delay);
    expect(task).toHaveBeenCalledOnce();
    expect(Math.max(...asked)).toBeLessThanOrEqual(longestTimer);
  });

  test('R6 2^53 - 1 ms is a chain of timers that goes on', () => {
    const { clock, pass, waiting } = overflowingPlatform();
    const task = vi.fn<() => void>();
    clock.after(Number.MAX_SAFE_INTEGER, task);
    pass(100 * longestTimer);
    expect(task).not.toHaveBeenCalled();
    expect(waiting.size).toBe(1);
  });

  test('a delay of exactly the longest timer is one timer', () => {
    const { clock, pass, asked } = overflowingPlatform();
    const task = vi.fn<() => void>();
    clock.after(longestTimer, task);
    pass(longestTimer);
    expect(task).toHaveBeenCalledOnce();
    expect(asked).toEqual([longestTimer]);
  });

  test('can be cancelled, in a later link of the chain too', () => {
    const { clock, pass, waiting } = overflowingPlatform();
    const task = vi.fn<() => void>();
    const cancel = clock.after(3 * longestTimer, task);
    pass(2 * longestTimer);
    cancel();
    expect(waiting.size).toBe(0);
    pass(4 * longestTimer);
    expect(task).not.toHaveBeenCalled();
  });

  test('what is overdue runs soon, and not while it is asked for', () => {
    const { clock, pass, asked } = overflowingPlatform();
    const task = vi.fn<() => void>();
    clock.after(-5, task);
    expect(task).not.toHaveBeenCalled();
    pass(0);
    expect([task.mock.calls.length, asked]).toEqual([1, [0]]);
  });
});

test('systemClock tells the time of the machine and runs a task', async () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  const keptAlive = setInterval(() => {}, 1000); // our own timers keep no process alive
  await new Promise<void>((resolve) => void systemClock.after(1, resolve));
  clearInterval(keptAlive);
});
