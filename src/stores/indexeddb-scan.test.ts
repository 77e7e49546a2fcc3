import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { contextOf, live, put, putForeign, tombstone } from '../../test/indexeddb-fixture.js';
import type { Backend, ScanPage, ScanQuery, SlotRecord } from '../backend.js';
import { slotRecordId } from '../session-id.js';
import { indexedDBBackend } from './indexeddb.js';

const slot: SlotRecord = {
  kind: 'slot',
  id: slotRecordId('default'),
  version: 1,
  createdAt: 1,
  updatedAt: 1,
  target: 'a',
};

let factory: IDBFactory;
let backend: Backend;

beforeEach(async () => {
  factory = new IDBFactory();
  backend = indexedDBBackend({ indexedDB: factory });
  await backend.open(contextOf('shop'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await backend.close();
});

/** Follows the cursors to the end. */
async function pages(query: ScanQuery): Promise<ScanPage[]> {
  const found: ScanPage[] = [];
  for (let page = await backend.scan(query); ;) {
    found.push(page);
    if (page.next === undefined) return found;
    page = await backend.scan({ ...query, after: page.next });
  }
}

async function idsOf(query: ScanQuery): Promise<string[]> {
  return (await pages(query)).flatMap(({ records }) => records.map(({ id }) => id));
}

describe('scan', () => {
  beforeEach(() =>
    put(
      backend,
      slot,
      live('a', 1, { owner: 'ann', expiresAt: 300 }),
      live('b', 2, { owner: 'ann', expiresAt: 100 }),
      live('c', 3, { owner: 'bob', expiresAt: 100 }),
      live('d', 4, { owner: 'ann' }),
      live('e', 5, { owner: 'annabel', expiresAt: 200 }),
      tombstone('f', 50),
      tombstone('g', 40),
    ),
  );

  test.each([1, 2, 3, 100, Infinity])('in pages of %d finds each record once', async (limit) => {
    const all = [slot.id, 'a', 'b', 'c', 'd', 'e', 'f', 'g'];
    expect(await idsOf({ by: 'id', limit })).toEqual(all);
    expect(await idsOf({ by: 'owner', owner: 'ann', limit })).toEqual(['a', 'b', 'd']);
    expect(await idsOf({ by: 'owner', owner: 'nobody', limit })).toEqual([]);
    expect(await idsOf({ by: 'expiresAt', until: 200, limit })).toEqual(['b', 'c', 'e']);
    expect(await idsOf({ by: 'purgeAt', until: 50, limit })).toEqual(['g', 'f']);
    expect(await idsOf({ by: 'purgeAt', until: 39, limit })).toEqual([]);
  });

  test('R7 asks the index for one page and no more', async () => {
    const getAll = vi.spyOn(IDBIndex.prototype, 'getAll');
    const page = await backend.scan({ by: 'expiresAt', until: 1000, limit: 2 });
    expect(page.next).toEqual({ at: 100, id: 'c' });
    expect(getAll).toHaveBeenCalledTimes(1);
    expect(getAll.mock.calls[0]?.[1]).toBe(2);
  });

  test('R8 skips rows that are no records, and tells of them', async () => {
    await putForeign(
      factory,
      'shop',
      { id: 'aa', owner: 'ann', expiresAt: 150, purgeAt: 45 },
      { id: 5, owner: 'ann', expiresAt: 150 },
      { id: new Date(5), data: 'what is this' },
      { id: new Uint8Array(2) },
    );
    for (const limit of [1, 2, 100]) {
      const queries: [ScanQuery, string[], number][] = [
        [{ by: 'id', limit }, [slot.id, 'a', 'b', 'c', 'd', 'e', 'f', 'g'], 4],
        [{ by: 'owner', owner: 'ann', limit }, ['a', 'b', 'd'], 1],
        [{ by: 'expiresAt', until: 200, limit }, ['b', 'c', 'e'], 2],
        [{ by: 'purgeAt', until: 50, limit }, ['g', 'f'], 1],
      ];
      for (const [query, ids, broken] of queries) {
        const found = await pages(query);
        expect(found.flatMap(({ records }) => records.map(({ id }) => id))).toEqual(ids);
        const errors = found.flatMap(({ unreadable }) => unreadable);
        expect(errors).toHaveLength(broken);
        expect(errors.every((error) => 'code' in error && error.code === 'DECODE_FAILED')).toBe(
          true,
        );
      }
    }
  });
});

describe('listIds', () => {
  const letters = 'abcdefghijklmnopqrst'.split('');
  const alive = letters.filter((_, i) => i % 4 < 2);

  beforeEach(() =>
    put(
      backend,
      slot,
      // Of four in a row two live, one has expired and one has ended.
      ...letters.map((id, i) => {
        const owner = i < 10 ? 'ann' : 'bob';
        if (i % 4 === 3) return tombstone(id, 9000 + i);
        return live(id, i, { owner, expiresAt: [null, 501, 500][i % 4]! });
      }),
    ),
  );

  test.each([1, 3, 7, 100, Infinity])('R6 fills pages of %d with what lives', async (limit) => {
    for (const owner of [undefined, 'ann', 'bob', 'nobody']) {
      const wanted = alive.filter((id) => {
        if (owner === undefined) return true;
        return owner === (letters.indexOf(id) < 10 ? 'ann' : 'bob');
      });
      const found: string[] = [];
      for (;;) {
        const page = await backend.listIds({ owner, aliveAt: 500, after: found.at(-1), limit });
        found.push(...page);
        if (page.length < limit) break;
        expect(page).toHaveLength(limit);
      }
      expect(found).toEqual(wanted);
    }
  });

  test('goes on after any id', async () => {
    expect(await backend.listIds({ aliveAt: 500, after: 'ee', limit: 2 })).toEqual(['f', 'i']);
    expect(await backend.listIds({ aliveAt: 500, after: slot.id, limit: 1 })).toEqual(['a']);
    expect(await backend.listIds({ aliveAt: 500, after: 'z', limit: 1 })).toEqual([]);
  });

  test('reads no data, in one transaction', async () => {
    const reads = [IDBObjectStore, IDBIndex].flatMap(({ prototype }) => [
      vi.spyOn(prototype, 'get'),
      vi.spyOn(prototype, 'getAll'),
      vi.spyOn(prototype, 'openCursor'),
    ]);
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await backend.listIds({ aliveAt: 500, limit: 3 });
    await backend.listIds({ owner: 'ann', aliveAt: 500, limit: 3 });
    for (const read of reads) expect(read).not.toHaveBeenCalled();
    expect(transaction).toHaveBeenCalledTimes(2);
  });

  test('leaves out rows whose key is no id', async () => {
    await putForeign(
      factory,
      'shop',
      { id: 5, owner: 'ann' },
      { id: new Uint8Array(1), owner: 'ann' },
      { id: ['a'], owner: 'ann' },
    );
    expect(await backend.listIds({ aliveAt: 500, limit: 100 })).toEqual(alive);
    expect(await backend.listIds({ owner: 'ann', aliveAt: 500, limit: 100 })).toEqual(
      alive.filter((id) => id < 'k'),
    );
  });
});
