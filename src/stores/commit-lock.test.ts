import { expect, test } from 'vitest';
import { pass } from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Clock } from '../clock.js';
import { simulateOrigin, type SimulatedTab } from '../testing/index.js';
import { codeOf } from '../testing/outcome.js';
import { LockFence } from './fence.js';
import { LostTurn } from './turn.js';

function fenceIn({ locks }: SimulatedTab, clock: Clock, shown = async () => 0): LockFence {
  return new LockFence({ locks, prefix: 'shop:', shown, clock, monotonic: () => clock.now() });
}

test('a storage that does not answer keeps nobody waiting for the lock', async () => {
  const clock = virtualClock();
  const origin = simulateOrigin({ clock });
  const hung = fenceIn(origin.openTab(), clock, () => new Promise(() => {}));
  const other = fenceIn(origin.openTab(), clock);
  const begun = clock.now();
  const blocked = codeOf(hung.run('exclusive', async () => {}));
  await pass(clock, 10);
  expect(await other.run('exclusive', async (last) => last)).toBe(0);
  expect(await blocked).toBe('STORE_BLOCKED');
  expect(clock.now() - begun).toBeLessThan(14_000);
});

test('a task that loses its turn runs again, and not for ever', async () => {
  const clock = virtualClock();
  const fence = fenceIn(simulateOrigin({ clock }).openTab(), clock);
  let turns = 0;
  const lose = async (): Promise<void> => {
    turns++;
    throw new LostTurn();
  };
  expect(await codeOf(fence.run('exclusive', lose))).toBe('STORE_BLOCKED');
  expect(turns).toBe(5);
  expect(await fence.run('exclusive', async () => 'done')).toBe('done');
});

test('a slow task at work is not taken for one that is stopped', async () => {
  const clock = virtualClock();
  const origin = simulateOrigin({ clock });
  const [slow, other] = [origin.openTab(), origin.openTab()].map((tab) => fenceIn(tab, clock));
  const order: string[] = [];
  const working = slow!.run('exclusive', async (_, turn) => {
    for (let write = 0; write < 20; write++) {
      await turn.renew();
      await pass(clock, 500);
    }
    turn.check();
    order.push('slow');
  });
  await pass(clock, 300);
  await Promise.all([working, other!.run('shared', async () => void order.push('other'))]);
  expect(order).toEqual(['slow', 'other']);
});

test('whoever was robbed and ends in time has done its work', async () => {
  const clock = virtualClock();
  const origin = simulateOrigin({ clock });
  const fence = fenceIn(origin.openTab(), clock);
  const thief = origin.openTab();
  const working = fence.run('exclusive', async () => {
    void thief.locks.request('shop:commit', { steal: true }, () => {});
    await pass(clock, 100);
    return 'done';
  });
  expect(await working).toBe('done');
});

test('work that comes after the end is refused, and leaves no lock behind', async () => {
  const clock = virtualClock();
  const origin = simulateOrigin({ clock });
  const tab = origin.openTab();
  const fence = fenceIn(tab, clock);
  await fence.close();
  const late = fence.run('exclusive', async (last) => fence.advance(last + 1));
  expect(await codeOf(late)).toBe('STORE_CLOSED');
  await pass(clock, 100);
  expect((await tab.locks.query()).held).toEqual([]);
});
