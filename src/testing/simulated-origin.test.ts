import { describe, expect, test } from 'vitest';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Clock } from '../clock.js';
import { simulateOrigin, type SimulatedOrigin } from './simulated-origin.js';

function pass(clock: Clock, delay: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delay, resolve));
}

/** A lock that is held until it is let go. */
async function hold(
  locks: LockManager,
  name: string,
  options: LockOptions = {},
): Promise<{ readonly release: () => void; readonly ended: Promise<string> }> {
  let release = (): void => {};
  let ended = Promise.resolve('');
  await new Promise<void>((granted, refused) => {
    const request = locks.request(name, options, () => {
      granted();
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    request.catch(refused);
    ended = request.then(
      () => 'released',
      (error: unknown) => (error as Error).name,
    );
  });
  return { release, ended };
}

describe('simulated storage', () => {
  test('behaves as Storage does', () => {
    const { storage } = simulateOrigin().openTab();
    storage.setItem('b', '1');
    storage.setItem('a', '2');
    storage.setItem('b', '3');
    expect([storage.length, storage.key(0), storage.key(1), storage.key(2)]).toEqual([
      2,
      'b',
      'a',
      null,
    ]);
    expect([storage.getItem('a'), storage.getItem('c')]).toEqual(['2', null]);
    storage.removeItem('b');
    storage.removeItem('c');
    expect(storage.length).toBe(1);
    storage.clear();
    expect(storage.length).toBe(0);
  });

  test('shows a tab its own writes at once and those of others later, in order', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock, seed: 3 });
    const [one, two] = [origin.openTab().storage, origin.openTab().storage];
    for (let n = 1; n <= 9; n++) one.setItem('n', String(n));
    expect([one.getItem('n'), two.getItem('n')]).toEqual(['9', null]);
    const seen = new Set<string | null>();
    for (let look = 0; look < 200; look++) {
      seen.add(two.getItem('n'));
      await pass(clock, 0.5);
    }
    const inOrder = [...seen].map(Number);
    expect(inOrder).toEqual(inOrder.toSorted((before, after) => before - after));
    expect(inOrder.at(-1)).toBe(9);
    expect(inOrder.length).toBeGreaterThan(2);
  });

  test('ends alike in all tabs, whoever wrote at the same time', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const clock = virtualClock();
      const origin = simulateOrigin({ clock, seed });
      const tabs = [origin.openTab(), origin.openTab(), origin.openTab()];
      for (let n = 0; n < 5; n++) {
        for (const [index, { storage }] of tabs.entries()) {
          if (n % 2 === 0) storage.setItem('n', `${n} by ${index}`);
          else storage.removeItem('n');
          await pass(clock, seed % 7);
        }
      }
      await pass(clock, 100);
      const late = origin.openTab();
      const values = new Set([...tabs, late].map(({ storage }) => storage.getItem('n')));
      expect(values.size).toBe(1);
    }
  });

  test('one seed gives one course of events, another seed another', async () => {
    const courseOf = async (seed: number): Promise<string> => {
      const clock = virtualClock();
      const origin = simulateOrigin({ clock, seed });
      const [one, two] = [origin.openTab(), origin.openTab()];
      const log: unknown[] = [];
      for (let n = 0; n < 50; n++) {
        await one.locks.request('a', () => one.storage.setItem('n', String(n)));
        log.push(two.storage.getItem('n'));
      }
      return log.join();
    };
    expect(await courseOf(1)).toBe(await courseOf(1));
    expect(await courseOf(1)).not.toBe(await courseOf(2));
  });

  test('refuses what goes beyond its quota, and keeps the old value', () => {
    const { storage } = simulateOrigin({ quota: 10 }).openTab();
    storage.setItem('abc', '1234567');
    expect(() => storage.setItem('d', '')).toThrow(
      expect.objectContaining({ name: 'QuotaExceededError' }),
    );
    expect(() => storage.setItem('abc', '12345678')).toThrow('There is no room.');
    storage.setItem('abc', '7654321');
    expect(storage.getItem('abc')).toBe('7654321');
    storage.setItem('abc', '');
    storage.setItem('d', '123456');
  });

  test('what a killed tab has written still arrives; the tab itself is gone', async () => {
    const origin = simulateOrigin();
    const [one, two] = [origin.openTab(), origin.openTab()];
    one.storage.setItem('n', '1');
    one.kill();
    for (const use of [
      () => one.storage.getItem('n'),
      () => one.storage.setItem('n', '2'),
      () => one.storage.length,
    ]) {
      expect(use).toThrow('This tab has been killed.');
    }
    origin.settle();
    expect(two.storage.getItem('n')).toBe('1');
    expect(origin.openTab().storage.getItem('n')).toBe('1');
  });
});

describe('simulated locks', () => {
  function setUp(): { clock: Clock; origin: SimulatedOrigin; locks: LockManager[] } {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    return { clock, origin, locks: [origin.openTab().locks, origin.openTab().locks] };
  }

  test('exclusive ones are held by one at a time, first come, first served; shared ones by many', async () => {
    const { clock, locks } = setUp();
    const [one, two] = locks as [LockManager, LockManager];
    const log: string[] = [];
    const use = (name: string, tab: LockManager, mode: LockMode): Promise<void> =>
      tab.request('a', { mode }, async (lock) => {
        log.push(`${name} begins`);
        expect(lock).toEqual({ name: 'a', mode });
        await pass(clock, 10);
        log.push(`${name} ends`);
      });
    await Promise.all([
      use('first', one, 'exclusive'),
      pass(clock, 5).then(() => Promise.all([use('s', one, 'shared'), use('s', two, 'shared')])),
      pass(clock, 8).then(() => use('last', two, 'exclusive')),
      pass(clock, 9).then(() => use('late', one, 'shared')),
    ]);
    const ends = (name: string): string[] => [`${name} begins`, `${name} ends`];
    const shared = ['s begins', 's begins', 's ends', 's ends'];
    expect(log).toEqual([...ends('first'), ...shared, ...ends('last'), ...ends('late')]);
  });

  test('a result and an error reach the one who asked, and free the lock', async () => {
    const [one] = setUp().locks as [LockManager];
    expect(await one.request('a', () => 7)).toBe(7);
    const failing = one.request('a', () => {
      throw new RangeError('on purpose');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(await one.request('a', async () => 8)).toBe(8);
  });

  test('ifAvailable gives null when it is not', async () => {
    const [one, two] = setUp().locks as [LockManager, LockManager];
    const lock = await hold(one, 'a');
    const isFree = (): Promise<boolean> =>
      two.request('a', { ifAvailable: true }, (granted) => granted !== null);
    expect(await isFree()).toBe(false);
    lock.release();
    await lock.ended;
    await two.query();
    expect(await isFree()).toBe(true);
  });

  test('steal takes it from everybody, who are refused with an AbortError', async () => {
    const [one, two] = setUp().locks as [LockManager, LockManager];
    const robbed = [
      await hold(one, 'a', { mode: 'shared' }),
      await hold(two, 'a', { mode: 'shared' }),
      await hold(one, 'b'),
    ];
    expect(await two.request('a', { steal: true }, (lock) => lock?.mode)).toBe('exclusive');
    robbed[2]!.release();
    const endings = await Promise.all(robbed.map(({ ended }) => ended));
    expect(endings).toEqual(['AbortError', 'AbortError', 'released']);
  });

  test('signal ends waiting, and nothing else', async () => {
    const { clock, locks } = setUp();
    const [one, two] = locks as [LockManager, LockManager];
    const reason = new Error('No longer.');
    const held = new AbortController();
    const lock = await hold(one, 'a', { signal: held.signal });
    held.abort(reason);
    const waiting = new AbortController();
    const outcome = two.request('a', { signal: waiting.signal }, () => {});
    const behind = two.request('a', () => 'granted');
    await pass(clock, 10);
    waiting.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    await expect(two.request('a', { signal: waiting.signal }, () => {})).rejects.toBe(reason);
    lock.release();
    expect(await lock.ended).toBe('released');
    expect(await behind).toBe('granted');
  });

  test('query() tells who holds and who waits', async () => {
    const { clock, locks } = setUp();
    const [one, two] = locks as [LockManager, LockManager];
    const lock = await hold(one, 'a', { mode: 'shared' });
    const waiting = two.request('a', () => {});
    await pass(clock, 5);
    expect(await two.query()).toEqual({
      held: [{ name: 'a', mode: 'shared', clientId: 'tab 1' }],
      pending: [{ name: 'a', mode: 'exclusive', clientId: 'tab 2' }],
    });
    lock.release();
    await waiting;
  });

  test('those of a killed tab are free at once, also what it had only asked for', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const [one, two] = [origin.openTab(), origin.openTab()];
    await hold(one.locks, 'a');
    const never = [one.locks.request('b', () => 'granted to the dead'), one.locks.query()];
    one.kill();
    expect(await two.locks.request('a', () => 'granted')).toBe('granted');
    await pass(clock, 10);
    const asking = two.locks.request('b', () => 'granted');
    expect(await Promise.race([asking, ...never])).toBe('granted');
    expect(await two.locks.query()).toEqual({ held: [], pending: [] });
  });
});

test('an origin runs on the clock of the machine unless told otherwise', async () => {
  const origin = simulateOrigin({ lag: 1 });
  const [one, two] = [origin.openTab(), origin.openTab()];
  one.storage.setItem('n', '1');
  expect(await two.locks.request('a', () => 'granted')).toBe('granted');
  await expect.poll(() => two.storage.getItem('n')).toBe('1');
});
