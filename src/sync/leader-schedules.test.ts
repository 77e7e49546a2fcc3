import { describe, expect, test } from 'vitest';
import { LeaderWorld, type LeaderTab } from '../../test/leader-world.js';
import { randomFrom } from '../testing/random.js';
import { answerTime } from './leader.js';
import { lease } from './leader-lock.js';

const every = 20_000;
/** How long work may rest while a visible tab runs: an interval, two questions, a lease. The sweep itself comes on top. */
const bound = every + 2 * answerTime + lease + 500;
const mostTabs = 8;

/** Opens, closes, crashes, stops, freezes, hides and wakes tabs at random, the one that works above all. */
async function play(seed: number, elects = true): Promise<LeaderWorld> {
  const random = randomFrom(seed);
  const throttle = seed % 4 === 0 ? 60_000 : 1000;
  const world = new LeaderWorld({ random, every, throttle, elects });
  const pick = (tabs: readonly LeaderTab[]): LeaderTab | undefined =>
    tabs[Math.floor(random() * tabs.length)];
  const victim = (): LeaderTab | undefined =>
    (random() < 0.7 ? world.awake.find(({ lead }) => lead?.signal.aborted === false) : undefined) ??
    pick(world.awake);
  const turnTo = (shown: LeaderTab | undefined): void => {
    for (const tab of world.awake) if (tab !== shown && tab.isVisible) tab.page.show('hidden');
    shown?.page.show('visible');
  };
  const living = (): number =>
    world.tabs.filter(({ isAwake, isFrozen }) => isAwake || isFrozen).length;
  const closing: Promise<void>[] = [];
  const steps: (() => unknown)[] = [
    () => (living() < mostTabs ? world.open() : undefined),
    () => (living() < mostTabs ? world.open() : undefined),
    () => turnTo(pick(world.awake)),
    () => victim()?.crash(),
    () => closing.push(victim()?.close() ?? Promise.resolve()),
    () => victim()?.freeze(),
    () => victim()?.freeze(),
    () => victim()?.freeze('freeze'),
    () => victim()?.freeze('pagehide'),
    () => pick(world.tabs.filter(({ isFrozen }) => isFrozen))?.wake(),
    () => pick(world.tabs.filter(({ isFrozen }) => isFrozen))?.wake(),
  ];
  for (let tab = 0; tab < mostTabs; tab++) world.open();
  for (let step = 0; step < 15; step++) {
    await world.wait(1);
    turnTo(world.awake.find(({ isVisible }) => isVisible) ?? pick(world.awake));
    const changed = world.clock.now();
    const pause = random() < 0.5 ? random() * 200 : random() * 1.5 * bound;
    await world.wait(pause);
    const rested = world.clock.now() - Math.max(changed, world.lastWork);
    if (world.awake.length > 0 && rested > bound) {
      world.violations.push(`no work for ${rested} ms, at ${world.elapsed}`);
    }
    steps[Math.floor(random() * steps.length)]?.();
  }
  for (const tab of world.tabs) tab.wake();
  await world.wait(100);
  await Promise.all([...closing, ...world.awake.map((tab) => tab.close())]);
  return world;
}

describe('of 8 tabs that open, close, crash, freeze, hide and wake at random', () => {
  test.each([0, 250, 500, 750])(
    'two never sweep at once, nothing stale is written, and sweeps go on within the bound (seeds from %i)',
    async (first) => {
      let pages = 0;
      for (let seed = first + 1; seed <= first + 250; seed++) {
        const { violations, errors, ...world } = await play(seed);
        expect({ seed, violations, errors }).toEqual({ seed, violations: [], errors: [] });
        pages += world.pages;
      }
      expect(pages).toBeGreaterThan(5000);
    },
    120_000,
  );

  test('two do sweep at once where each sweeps for itself (control)', async () => {
    const { violations } = await play(1, false);
    expect(violations.length).toBeGreaterThan(10);
  });
});
