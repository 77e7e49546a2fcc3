import { expect, test } from 'vitest';
import { fakeClock } from './fake-clock.js';

test('timers run at their own moment, the earliest first, equal ones in the order they were set', async () => {
  const clock = fakeClock(100);
  const log: (string | number)[] = [];
  for (const [name, delay] of [
    ['c', 30],
    ['a', 10],
    ['b', 10],
    ['late', 31],
  ] as const) {
    clock.after(delay, () => log.push(name, clock.now()));
  }
  await clock.advance(30);
  expect(log).toEqual(['a', 110, 'b', 110, 'c', 130]);
  expect([clock.now(), clock.waiting]).toEqual([130, 1]);
});

test('what a timer starts gets its turn, and timers that it sets run in the same advance', async () => {
  const clock = fakeClock(0);
  const log: number[] = [];
  const again = async (): Promise<void> => {
    await Promise.resolve();
    log.push(clock.now());
    if (log.length < 4) clock.after(5, () => void again());
  };
  clock.after(5, () => void again());
  await clock.advance(100);
  expect(log).toEqual([5, 10, 15, 20]);
});

test('a cancelled timer does not run, not even when it is cancelled by one of the same moment', async () => {
  const clock = fakeClock();
  let ran = 0;
  const cancel = clock.after(5, () => ran++);
  clock.after(5, () => cancelLast());
  const cancelLast = clock.after(5, () => ran++);
  cancel();
  await clock.advance(10);
  expect([ran, clock.waiting]).toEqual([0, 0]);
});

test('delays of any size, and none below now', async () => {
  const clock = fakeClock(0);
  const log: string[] = [];
  clock.after(2 ** 40, () => log.push('long'));
  clock.after(-5, () => log.push('overdue'));
  await clock.advance(2 ** 40 - 1);
  expect(log).toEqual(['overdue']);
  await clock.advance(1);
  expect(log).toEqual(['overdue', 'long']);
});

test('setting the wall clock moves no timer', async () => {
  const clock = fakeClock(1000);
  let ran = 0;
  clock.after(50, () => ran++);
  clock.set(1_000_000);
  await clock.advance(49);
  expect([ran, clock.now()]).toEqual([0, 1_000_049]);
  clock.set(0);
  await clock.advance(1);
  expect([ran, clock.now()]).toEqual([1, 1]);
});

test('it starts in 2026, or where it is told to', () => {
  expect([fakeClock().now(), fakeClock(7).now()]).toEqual([Date.parse('2026-01-01T00:00Z'), 7]);
});
