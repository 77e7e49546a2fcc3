// Turns that were robbed of the lock, and wake while another of their own tab, or nobody, is known to hold it.

import { describe, expect, test } from 'vitest';
import { pass } from '../../test/key-value-fixture.js';
import { openStoppable, type Writing } from '../../test/stoppable-tab.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Clock } from '../clock.js';
import { simulateOrigin, type SimulatedTab } from '../testing/index.js';
import { codeOf } from '../testing/outcome.js';
import { increment } from '../testing/records.js';
import { LockFence } from './fence.js';
import { lease, LostTurn } from './turn.js';

const noneShown = async (): Promise<number> => 0;

function fenceIn(locks: LockManager, clock: Clock, shown = noneShown): LockFence {
  return new LockFence({ locks, prefix: 'shop:', shown, clock, monotonic: () => clock.now() });
}

/** What comes before, and after, the requests of a tab. */
function around(
  { locks }: SimulatedTab,
  before: (name: string, options: LockOptions) => Promise<void>,
  refused: () => Promise<void> = async () => {},
): LockManager {
  const request = async (name: string, options: LockOptions, task: () => unknown) => {
    await before(name, options);
    try {
      const result: unknown = await locks.request(name, options, task);
      return result;
    } catch (error) {
      await refused();
      throw error;
    }
  };
  return { request, query: () => locks.query() } as LockManager;
}

/** Takes the lock from whoever has it, and lets it go at once. */
const rob = ({ locks }: SimulatedTab): Promise<unknown> =>
  locks.request('shop:commit', { steal: true }, () => {});

async function kindsHeld({ locks }: SimulatedTab): Promise<string[]> {
  const { held = [] } = await locks.query();
  return held.map(({ name = '' }) => name.split(':')[1]!);
}

describe('R2: a turn that was robbed', () => {
  const exclusive = ['exclusive', 'exclusive'] as const;
  for (const [first, second] of [exclusive, ['shared', 'exclusive'], ['exclusive', 'shared']]) {
    test(`does not pass off the lock of its own tab's next one as its own: ${first}, ${second}`, async () => {
      const clock = virtualClock();
      const origin = simulateOrigin({ clock });
      const [tab, thief] = [origin.openTab(), origin.openTab()];
      // The tab hears too late that it was robbed.
      const ownLocks = around(
        tab,
        async () => {},
        () => pass(clock, 10_000),
      );
      const fence = fenceIn(ownLocks, clock);
      let turns = 0;
      let hasNext = (): void => {};
      const next = new Promise<void>((resolve) => (hasNext = resolve));
      const outcomes: unknown[] = [];
      const robbed = fence.run(first as LockMode, async (_, turn) => {
        if (++turns > 1) return;
        void rob(thief);
        await next;
        // While its lease lasts nobody is asked; and then, who has the lock by now.
        for (const delay of [0, lease]) {
          await pass(clock, delay);
          await turn.renew().then(
            () => outcomes.push('renewed'),
            (error: unknown) => outcomes.push(error),
          );
        }
        turn.check();
      });
      await pass(clock, 1);
      await fence.run(second as LockMode, async () => {
        hasNext();
        await pass(clock, 2 * lease);
      });
      await robbed;
      expect(outcomes).toEqual([expect.any(LostTurn), expect.any(LostTurn)]);
      expect(turns).toBe(2);
    });
  }

  test('writes no more, though whoever robbed it died before its lease was over', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const [tab, thief, other] = [origin.openTab(), origin.openTab(), origin.openTab()];
    const order: string[] = [];
    let turns = 0;
    let waiting: Promise<void> | undefined;
    const working = fenceIn(tab.locks, clock).run('exclusive', async (_, turn) => {
      if (++turns === 1) {
        await turn.renew();
        waiting = fenceIn(other.locks, clock).run('exclusive', async () => {
          order.push('other begins');
          await pass(clock, lease);
          order.push('other ends');
        });
        await pass(clock, 50);
        void thief.locks.request('shop:commit', { steal: true }, () => new Promise(() => {}));
        await pass(clock, 50);
        thief.kill();
        await pass(clock, lease / 2 - 150);
        // Nobody is asked yet.
      }
      await turn.renew();
      order.push('robbed');
    });
    await working;
    await waiting;
    expect(order).toEqual(['other begins', 'other ends', 'robbed']);
  });

  test('has seen no view of which it could say that nothing came between', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const [tab, thief] = [origin.openTab(), origin.openTab()];
    let commit: Promise<unknown> | undefined;
    const slowLocks = around(tab, async (name) => {
      if (!name.startsWith('shop:watch') || commit !== undefined) return;
      commit = thief.locks.request('shop:commit', { steal: true }, () => pass(clock, 1000));
      await pass(clock, 100);
    });
    const attending = fenceIn(slowLocks, clock).attend();
    await pass(clock, 500);
    // Somebody is amid a commit.
    expect(await kindsHeld(thief)).toEqual(['commit']);
    await Promise.all([commit, attending]);
    await pass(clock, 10);
    expect(await kindsHeld(thief)).toEqual(['watch']);
  });

  test('gives no sign of life that nobody would let go of', async () => {
    const clock = virtualClock();
    const tab = simulateOrigin({ clock }).openTab();
    let answer: (number: number) => void = () => {};
    const shown = (): Promise<number> => new Promise((resolve) => (answer = resolve));
    const fence = fenceIn(tab.locks, clock, shown);
    expect(await codeOf(fence.run('exclusive', async () => {}))).toBe('STORE_BLOCKED');
    // The storage answers after all, and is asked once more.
    for (let asked = 0; asked < 2; asked++) {
      await pass(clock, lease);
      answer(0);
    }
    await pass(clock, lease);
    await fence.close();
    await pass(clock, 100);
    expect(await kindsHeld(tab)).toEqual([]);
  });
});

test('turns that share the lock rob each other of nothing', async () => {
  const clock = virtualClock();
  const fence = fenceIn(simulateOrigin({ clock }).openTab().locks, clock);
  let turns = 0;
  const read = (): Promise<void> =>
    fence.run('shared', async (_, turn) => {
      turns++;
      await pass(clock, lease);
      await turn.renew();
    });
  await Promise.all([read(), read()]);
  expect(turns).toBe(2);
});

describe.each<Writing>(['at once', 'one by one'])(
  'R2: a tab with two turns that is stopped in the first, writing %s',
  (writing) => {
    test('writes nothing over what another tab has committed', async () => {
      const faults: string[] = [];
      for (let moment = 0; moment < 25; moment++) {
        faults.push(...(await stopAt(moment, writing)));
      }
      expect(faults).toEqual([]);
    });
  },
);

/** @returns what is wrong */
async function stopAt(moment: number, writing: Writing): Promise<string[]> {
  const clock = virtualClock();
  const origin = simulateOrigin({ seed: moment + 1, clock });
  const [stopped, other] = [
    await openStoppable(origin.openTab(), clock, writing, () => 2),
    await openStoppable(origin.openTab(), clock, writing, () => 2),
  ];
  await pass(clock, 500);
  await stopped.backend.transact(['a'], increment('a'));
  await pass(clock, 300);
  const counts: number[] = [1];
  const count = async ({ backend }: typeof stopped): Promise<void> => {
    counts.push(await backend.transact(['a'], increment('a')));
  };
  // Whether it is told that nothing is known of its change, or that it was made.
  const counting = count(stopped).catch(() => {});
  const clearing = stopped.backend.clear((records) => records).catch(() => {});
  await pass(clock, moment);
  stopped.stop();
  const countingToo = count(other);
  await pass(clock, 12_000);
  stopped.resume();
  await Promise.all([counting, clearing, countingToo]);
  await pass(clock, 1000);
  const version = (await other.backend.read('a'))?.version ?? 0;
  const isSound = new Set(counts).size === counts.length && version >= counts.length;
  return isSound ? [] : [`stopped after ${moment} ms: ${counts.join()}; version ${version}`];
}
