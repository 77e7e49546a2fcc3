import { describe, expect, test } from 'vitest';
import {
  fragile,
  journalKey,
  openIn,
  pass,
  usesBeforeWriting,
} from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend, StoredRecord } from '../backend.js';
import { simulateOrigin } from '../testing/index.js';
import { codeOf } from '../testing/outcome.js';
import { live, plain, put, slot, tombstone } from '../testing/records.js';

const oldState = [live('a', { slot: 'main' }), slot('main', 'a')];
const newState = [
  tombstone('a', { version: 2, reason: 'rotated', successor: 'b' }),
  live('b', { version: 2, slot: 'main' }),
  slot('main', 'b'),
];

async function stateIn(backend: Backend): Promise<unknown[]> {
  const { records, unreadable } = await backend.scan({ by: 'id', limit: 10 });
  expect(unreadable).toEqual([]);
  return records.map(plain);
}

const inIdOrder = (records: StoredRecord[]): unknown[] =>
  records.map(plain).sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
const idOf = (record: unknown): string => (record as StoredRecord).id;

describe('R10: a change of several records', () => {
  /** @returns whether the tab died, and whether the change was made */
  async function rotateUntil(
    step: number,
    seed: number,
  ): Promise<{ died: boolean; done: boolean }> {
    const clock = virtualClock();
    const origin = simulateOrigin({ seed, clock });
    const { tab, dieAfter } = fragile(origin.openTab());
    const writer = await openIn(tab, clock);
    const witness = await openIn(origin.openTab(), clock);
    await put(writer, ...oldState);
    origin.settle();
    dieAfter(step);
    const died = await put(writer, ...newState).then(
      () => false,
      () => true,
    );
    // From here on nobody may see half of it, neither at once nor when the news arrive.
    const seen: unknown[][] = [];
    for (let look = 0; look < 12; look++) {
      seen.push(await stateIn(witness));
      await pass(clock, 5);
    }
    const done = seen.at(-1)?.length === newState.length;
    for (const state of seen) {
      expect([inIdOrder(oldState), inIdOrder(newState)]).toContainEqual(state);
    }
    const late = await openIn(origin.openTab(), clock);
    expect(await stateIn(late)).toEqual(done ? inIdOrder(newState) : inIdOrder(oldState));
    await put(late, live('c'));
    expect(await late.read('a')).toMatchObject({ kind: done ? 'tombstone' : 'live' });
    return { died, done };
  }

  test('is all or nothing in a crash before any step on storage', async () => {
    const outcomes = new Set<string>();
    for (let step = 0; ; step++) {
      const results = await Promise.all([1, 2, 3].map((seed) => rotateUntil(step, seed)));
      for (const { died, done } of results) outcomes.add(`${died} ${done}`);
      if (results.every(({ died }) => !died)) break;
    }
    // Dead before the journal was there, dead after it, and not dead at all.
    expect([...outcomes].sort()).toEqual(['false true', 'true false', 'true true']);
  });

  test('that a crash has cut off is finished when the next tab opens', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const { tab, dieAfter } = fragile(origin.openTab());
    const writer = await openIn(tab, clock);
    await put(writer, ...oldState);
    dieAfter(usesBeforeWriting.three + 1);
    expect(await codeOf(put(writer, ...newState))).toBe('STORE_UNAVAILABLE');
    origin.settle();
    const next = origin.openTab();
    await openIn(next, clock);
    expect(next.storage.getItem('tabkeep:shop:journal')).toBeNull();
    expect(next.storage.getItem('tabkeep:shop:r:b')).toContain('"version":2');
  });

  test('that a crash has cut off is finished by a read, whichever record is asked for', async () => {
    for (const id of ['a', 'b', '\u0001slot:main']) {
      const clock = virtualClock();
      const origin = simulateOrigin({ clock });
      const { tab, dieAfter } = fragile(origin.openTab());
      const writer = await openIn(tab, clock);
      const reader = await openIn(origin.openTab(), clock);
      await put(writer, ...oldState);
      dieAfter(usesBeforeWriting.three + 1);
      expect(await codeOf(put(writer, ...newState))).toBe('STORE_UNAVAILABLE');
      origin.settle();
      expect(plain(await reader.read(id))).toEqual(
        plain(newState.find((record) => record.id === id)),
      );
      origin.settle();
      const { storage } = origin.openTab();
      expect(storage.getItem('tabkeep:shop:journal')).toBeNull();
    }
  });
});

describe('a journal that is none', () => {
  const forged = [
    'garbage',
    '{}',
    '[["seq","9"]]',
    '[["tabkeep:shop:seq","9"]]',
    '[["tabkeep:other:r:a",null]]',
    '[["tabkeep:shop:r:a"]]',
    '[["tabkeep:shop:r:a",7]]',
    '[[null,null]]',
    '[null]',
  ];
  for (const journal of forged) {
    test(`is dropped and reported: ${journal}`, async () => {
      const clock = virtualClock();
      const { storage, ...tab } = simulateOrigin({ clock }).openTab();
      const errors: unknown[] = [];
      const backend = await openIn({ storage, ...tab }, clock, errors);
      await put(backend, live('a'));
      storage.setItem('tabkeep:other:r:a', 'of another namespace');
      storage.setItem(journalKey, journal);
      expect(plain(await backend.read('a'))).toEqual(plain(live('a')));
      expect(storage.getItem(journalKey)).toBeNull();
      expect(storage.getItem('tabkeep:other:r:a')).toBe('of another namespace');
      expect(errors).toMatchObject([{ code: 'DECODE_FAILED', raw: journal }]);
    });
  }
});
