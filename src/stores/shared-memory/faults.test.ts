import { describe, expect, test } from 'vitest';
import { MemoryTabs, type MemoryTab } from '../../../test/memory-tabs.js';
import { increment, live, put, times } from '../../testing/records.js';
import { randomFrom } from '../../testing/random.js';

const name = 'tabkeep:shop:memory';

/** What tab after tab was told that it has written, and what is there at the end. */
interface Story {
  readonly acknowledged: readonly number[];
  readonly begun: number;
  readonly left: readonly (number | undefined)[];
  readonly tabs: readonly MemoryTab[];
}

interface Faults {
  /** What becomes of a message, by a random number. */
  readonly course?: ((random: () => number) => readonly number[]) | undefined;
  /** What befalls a tab now and then; answers whether it is gone for good. */
  readonly strike?: ((tab: MemoryTab, random: () => number) => Promise<boolean>) | undefined;
}

/** Three tabs count, whatever befalls them; who is gone is replaced. */
async function play(seed: number, { course, strike }: Faults): Promise<Story> {
  const random = randomFrom(seed);
  const origin = new MemoryTabs(seed);
  if (course !== undefined) origin.course = () => course(random);
  const acknowledged: number[] = [];
  let begun = 0;
  const all: MemoryTab[] = [];
  const lane = async (): Promise<MemoryTab> => {
    let tab = await origin.open();
    all.push(tab);
    for (let i = 0; i < 8; i++) {
      begun++;
      const counting = tab.backend.transact(['n'], increment('n'));
      counting.then(
        (version) => acknowledged.push(version),
        () => {},
      );
      const isStruck = strike !== undefined && random() < 0.3;
      if (isStruck && (await strike(tab, random))) {
        tab = await origin.open();
        all.push(tab);
      } else await counting.catch(() => {});
    }
    return tab;
  };
  // One that does nothing, and whom nothing befalls, so that there is always one.
  const witness = await origin.open();
  const tabs = [witness, ...(await Promise.all(times(3, lane)))];
  origin.course = () => [1];
  await origin.pass(2000);
  await tabs[1]!.backend.transact(['n'], increment('n'));
  begun++;
  await origin.pass(2000);
  const left = await Promise.all(
    tabs.map(async ({ backend }) => (await backend.read('n'))?.version),
  );
  return { acknowledged, begun, left, tabs: all };
}

const courses: Record<string, Faults['course']> = {
  'are late': (random) => [random() * 40],
  'are doubled': (random) => (random() < 0.5 ? [random() * 5, random() * 5] : [1]),
  'come in any order': (random) => [1000 + random() * 30],
  'come in any order, twice, much later': (random) => [1000 + random() * 10, 1000 + random() * 400],
  'are lost, one in twenty': (random) => (random() < 0.05 ? [] : [random() * 5]),
  'are lost, one in ten': (random) => (random() < 0.1 ? [] : [random() * 5]),
};

const strikes: Record<string, Faults['strike']> = {
  async crash(tab, random) {
    await tab.tabs.pass(random() * 25);
    tab.kill();
    return true;
  },
  async 'are closed'(tab, random) {
    await tab.tabs.pass(random() * 25);
    await tab.backend.close();
    return true;
  },
  async 'are frozen for a while'(tab, random) {
    await tab.tabs.pass(random() * 25);
    tab.freeze();
    await tab.tabs.pass(random() * 1000);
    tab.wake();
    return false;
  },
  async 'are frozen for long'(tab, random) {
    await tab.tabs.pass(random() * 25);
    tab.freeze();
    await tab.tabs.pass(random() * 20_000);
    tab.wake();
    return false;
  },
  async 'are put away and shown again'(tab, random) {
    await tab.tabs.pass(random() * 25);
    tab.page.dispatchEvent(new Event('pagehide'));
    await tab.tabs.pass(random() * 100);
    tab.page.dispatchEvent(new Event('pageshow'));
    return false;
  },
};

function lossesIn({ acknowledged, begun, left, tabs }: Story): unknown[] {
  const last = left[0]!;
  const wrong = {
    // Each had the record for itself between its read and its write (R2).
    'acknowledged twice': new Set(acknowledged).size < acknowledged.length,
    'tabs that differ': left.some((version) => version !== last),
    'acknowledged, and lost': last <= Math.max(acknowledged.length, ...acknowledged),
    'made without being begun': last > begun,
  };
  return [
    ...Object.entries(wrong).filter(([, isSo]) => isSo),
    ...tabs.flatMap(({ errors, resets }) => [...errors, ...resets]),
  ];
}

describe('R2 R9 R11 nothing that was acknowledged is lost when', () => {
  for (const [what, course] of Object.entries(courses)) {
    for (let seed = 1; seed <= 10; seed++) {
      test(`messages ${what}, seed ${seed}`, async () => {
        const story = await play(seed, { course });
        expect(lossesIn(story)).toEqual([]);
      });
    }
  }

  for (const [what, strike] of Object.entries(strikes)) {
    for (let seed = 1; seed <= 25; seed++) {
      test(`tabs ${what}, seed ${seed}`, async () => {
        const story = await play(seed, { strike });
        expect(lossesIn(story)).toEqual([]);
      });
    }
  }
});

describe('R11 what a stranger sends', () => {
  const sound = { protocol: 1, from: 'stranger', epoch: 'e', seq: 1, uid: 'u', rows: [] };
  const strange: Record<string, unknown> = {
    'is nothing': undefined,
    'is null': null,
    'is text': 'text',
    'is empty': {},
    'is of another protocol': { ...sound, protocol: 2, kind: 'commit', after: 'u' },
    'is of no kind': { ...sound, kind: 'wipe' },
    'is of a kind that every object has': { ...sound, kind: 'constructor' },
    'has no sender': { ...sound, from: 1, kind: 'leave' },
    'has no position': { ...sound, seq: '1', kind: 'commit', after: 'u' },
    'has a negative position': { ...sound, seq: -1, kind: 'commit', after: 'u' },
    'has no rows': { ...sound, rows: undefined, kind: 'commit', after: 'u' },
    'is a state nobody asked for': { ...sound, kind: 'state', to: 'nobody', seq: 99 },
    'is an answer nobody asked for': { ...sound, kind: 'have', to: 'x', round: '', seq: 99 },
  };

  for (const [what, message] of Object.entries(strange)) {
    test(`${what} is ignored`, async () => {
      const tabs = new MemoryTabs();
      const [one, other] = [await tabs.open(), await tabs.open()];
      await put(one.backend, live('a'));
      const sent = [one, other].map((tab) => tab.sent.length);
      tabs.send(message, name);
      await tabs.pass(50);
      expect([one, other].map((tab) => tab.sent.length)).toEqual(sent);
      expect(await other.backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a']);
      expect([one.errors, other.errors]).toEqual([[], []]);
    });
  }

  const header = { kind: 'live', id: 'b', version: 1 };
  const badRows: Record<string, unknown> = {
    'no pairs': [1],
    'ids that are none': [[1, undefined]],
    'records that are none': [['b', { header }]],
    'another id than their record': [['b', { header: { ...live('c'), data: undefined } }]],
    'placeholders that are none': [
      ['b', { header: { ...live('b'), data: undefined }, placeholders: 7 }],
    ],
  };
  for (const [what, rows] of Object.entries(badRows)) {
    test(`is ignored although it follows on the last commit, when its rows have ${what}`, async () => {
      const tabs = new MemoryTabs();
      const tab = await tabs.open();
      await tabs.open();
      await put(tab.backend, live('a'));
      const last = tab.sent.findLast(
        (message) => (message as { kind?: string }).kind === 'commit',
      ) as { uid: string; epoch: string; seq: number };
      const { uid: after, epoch, seq } = last;
      const next = { ...sound, kind: 'commit', after, epoch, seq: seq + 1 };
      tabs.send({ ...next, rows }, name);
      await tabs.pass(50);
      expect(await tab.backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a']);
      // The same with sound rows is believed: this memory trusts its origin.
      const { data: _, ...sane } = live('b');
      tabs.send({ ...next, rows: [['b', { header: sane, data: 'data' }]] }, name);
      expect(await tab.backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'b']);
    });
  }

  test('is ignored when it does not follow on the last commit', async () => {
    const tabs = new MemoryTabs();
    const [one, other] = [await tabs.open(), await tabs.open()];
    await put(one.backend, live('a'));
    tabs.send({ ...sound, kind: 'commit', after: 'another', seq: 99 }, name);
    await put(other.backend, live('b'));
    expect(await one.backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'b']);
  });
});
