// Tabs that are stopped wherever they wait for anything, and wake when others have taken over.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { pass } from '../../test/key-value-fixture.js';
import { openStoppable, type StoppableTab, type Writing } from '../../test/stoppable-tab.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Decide } from '../backend.js';
import type { Clock } from '../clock.js';
import { isSessionError } from '../errors.js';
import { simulateOrigin, type SimulatedTab } from '../testing/index.js';
import { randomFrom } from '../testing/random.js';
import { increment, times } from '../testing/records.js';
import { settling } from './fence.js';
import { patience } from './commit-lock.js';
import { LockTurn } from './lock-turn.js';
import { lease } from './turn.js';

/** How long work in other tabs takes at most, once a tab was stopped in their way. */
const bound = patience + lease + settling;

/** What it may take beyond: the turns of the other tabs, at the slow steps of these tests. */
const slack = 1000;

/** Two records that are always changed together, so that a journal is needed. */
const both: Decide<number> = (current) => {
  const [one, other] = ['a', 'b'].map((id) => increment(id)(current));
  return { write: [...one!.write!, ...other!.write!], result: one!.result };
};

/** Three tabs count up. One of them is stopped, once or again right after it woke. @returns what is wrong */
async function run(seed: number, writing: Writing): Promise<string[]> {
  const random = randomFrom(seed);
  const clock = virtualClock();
  const origin = simulateOrigin({ seed, clock });
  const lag = (): number => random() * 3;
  const tabs = await Promise.all(
    times(3, () =>
      openStoppable(slowToSteal(origin.openTab(), clock, random), clock, writing, lag),
    ),
  );
  // Each then has one request in the queue at most.
  await pass(clock, 500);
  const decide = random() < 0.5 ? both : increment('a');
  const faults: string[] = [];
  const counts: number[] = [];
  let unsure = 0;
  let longest = 0;

  const work = async (tab: StoppableTab): Promise<void> => {
    for (let n = 0; n < 4; n++) {
      await pass(clock, random() * 5);
      const begun = clock.now();
      try {
        counts.push(await tab.backend.transact(['a', 'b'], decide));
      } catch (error) {
        // Whoever decides to take over, and is slow to do it, may rob another tab than the one that was stopped.
        const isUnsure = isSessionError(error, 'STORE_UNAVAILABLE');
        if (isUnsure) unsure++;
        if (tab !== tabs[0]) faults.push(...(isUnsure ? [] : [`another tab: ${String(error)}`]));
        // Else nothing was written, as the count must show.
        else if (!isUnsure) expect(error).toMatchObject({ code: 'STORE_BLOCKED' });
      }
      if (tab !== tabs[0]) longest = Math.max(longest, clock.now() - begun);
    }
  };
  const working = Promise.all(tabs.map(work));

  await pass(clock, random() * 150);
  const stopped = clock.now();
  let lastStopped = stopped;
  tabs[0]!.stop();
  // It is most dangerous when it wakes at the moment at which another tab takes over, and is stopped again.
  const near = patience + (random() - 0.3) * 100;
  await pass(clock, random() < 0.7 ? near : random() * 20_000);
  tabs[0]!.resume();
  if (random() < 0.6) {
    await pass(clock, random() * 30);
    lastStopped = clock.now();
    tabs[0]!.stop();
    await pass(clock, random() * 2 * lease);
    tabs[0]!.resume();
  }
  await working;
  await pass(clock, 1000);

  const versions = await Promise.all(
    ['a', 'b'].map(async (id) => (await tabs[1]!.backend.read(id))?.version ?? 0),
  );
  const version = versions[0]!;
  if (new Set(counts).size < counts.length) faults.push('two updates gave one count');
  if (version < counts.length) faults.push('an update was lost, or written over');
  if (version > counts.length + unsure) faults.push('an update that was refused was made');
  if (decide === both && versions[1] !== version) faults.push('half a change was made');
  const late = longest - (lastStopped - stopped) - bound;
  if (late > slack) faults.push(`another tab waited ${late} ms too long`);
  return faults.map((fault) => `seed ${seed}: ${fault}`);
}

/** A busy tab: some time after it has looked it takes over. */
function slowToSteal(tab: SimulatedTab, clock: Clock, random: () => number): SimulatedTab {
  const request = async (name: string, options: LockOptions, task: () => unknown) => {
    if (options.steal && name.endsWith(':commit')) await pass(clock, random() * 100);
    return tab.locks.request(name, options, task);
  };
  return { ...tab, locks: { request, query: () => tab.locks.query() } as LockManager };
}

const seeds = 500;

/** What is wrong with the first course of events in which anything is. */
async function firstFaults(writing: Writing): Promise<readonly string[]> {
  for (let seed = 1; seed <= seeds; seed++) {
    const faults = await run(seed, writing);
    if (faults.length > 0) return faults;
  }
  return [];
}

afterEach(() => vi.restoreAllMocks());

describe.each<Writing>(['at once', 'one by one'])(
  'R2: a tab that is stopped amid its work, writing %s',
  (writing) => {
    test('loses no update, makes none too late, and holds nobody up for long', async () => {
      expect(await firstFaults(writing)).toEqual([]);
    }, 300_000);

    test('is caught when it does not ask before it writes (control)', async () => {
      vi.spyOn(LockTurn.prototype, 'check').mockReturnValue();
      vi.spyOn(LockTurn.prototype, 'renew').mockResolvedValue();
      expect(await firstFaults(writing)).not.toEqual([]);
    }, 300_000);
  },
);

test('a stopped tab is caught when whoever takes over does not wait for its lease to end (control)', async () => {
  vi.spyOn(LockTurn.prototype, 'outlast').mockResolvedValue();
  expect(await firstFaults('at once')).not.toEqual([]);
}, 300_000);
