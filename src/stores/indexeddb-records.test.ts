import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  contextOf,
  countTransactions,
  dataOf,
  increment,
  live,
  put,
  putForeign,
  storedRows,
  tombstone,
} from '../../test/indexeddb-fixture.js';
import type { Backend, Decide } from '../backend.js';
import { payloadOf } from '../payload.js';
import { slotRecordId } from '../session-id.js';
import { indexedDBBackend } from './indexeddb.js';

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

describe('rows', () => {
  test('hold the header and the data side by side', async () => {
    const record = live('a', { items: ['tea'] }, { owner: 'ann', expiresAt: 9000 });
    const ended = tombstone('b', 7000);
    const times = { createdAt: 1, updatedAt: 1 };
    const slot = {
      kind: 'slot',
      id: slotRecordId('x'),
      version: 1,
      ...times,
      target: 'a',
    } as const;
    await put(backend, record, ended, slot);
    const { data: _, ...header } = record;
    const row = { ...header, data: { items: ['tea'] } };
    expect(await storedRows(factory, 'shop')).toEqual([slot, row, ended]);
    expect(await backend.read('a')).toMatchObject(header);
    expect(await dataOf(backend, 'a')).toEqual({ items: ['tea'] });
    expect(await backend.read('b')).toEqual(ended);
    expect(await backend.read(slot.id)).toEqual(slot);
    expect(await backend.read('c')).toBeUndefined();
  });

  test('keep no list of placeholders beyond the data that it belongs to', async () => {
    await put(backend, live('a', { home: new URL('https://example.org/') }));
    expect(await dataOf(backend, 'a')).toEqual({ home: new URL('https://example.org/') });
    await backend.transact(['a'], (current) => {
      const record = current.get('a')!;
      return { write: [{ ...live('a', null), ...record, data: payloadOf(1) }], result: null };
    });
    const [row] = await storedRows(factory, 'shop');
    expect(row).not.toHaveProperty('placeholders');
    expect(await dataOf(backend, 'a')).toBe(1);
  });

  test('R8 that are no records are refused by name, and left alone', async () => {
    const rows = [
      { id: 'broken', kind: 'live', version: 0 },
      { ...live('list', null), data: { url: 1 }, placeholders: [{}] },
    ];
    await putForeign(factory, 'shop', ...rows);
    const before = await storedRows(factory, 'shop');
    for (const id of ['broken', 'list']) {
      await expect(backend.read(id)).rejects.toMatchObject({
        code: 'DECODE_FAILED',
        id,
        raw: before.find((row) => 'id' in row && row.id === id),
      });
      // In one batch with an innocent one.
      const [refused, innocent] = await Promise.allSettled([
        increment(backend, id),
        increment(backend, 'innocent'),
      ]);
      expect(refused).toMatchObject({ reason: { code: 'DECODE_FAILED', id } });
      expect(innocent.status).toBe('fulfilled');
    }
    expect(await dataOf(backend, 'innocent')).toBe(2);
    expect(await storedRows(factory, 'shop')).toEqual([before[0], expect.anything(), before[1]]);
  });
});

describe('commits', () => {
  test('R2 transactions of one turn are one transaction, each sees the ones before it', async () => {
    const transactions = countTransactions();
    const counts = await Promise.all(Array.from({ length: 500 }, () => increment(backend, 'a')));
    expect(counts).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
    expect(transactions('readwrite')).toBe(1);
    expect(await dataOf(backend, 'a')).toBe(500);
  });

  test('one put for a record, however often it was changed', async () => {
    const puts = vi.spyOn(IDBObjectStore.prototype, 'put');
    await Promise.all(Array.from({ length: 10 }, () => increment(backend, 'a')));
    expect(puts).toHaveBeenCalledTimes(1);
  });

  test('remove what decide removes', async () => {
    await put(backend, live('a', 1), live('b', 2));
    await backend.transact(['a'], () => ({ remove: ['a'], result: null }));
    expect(await backend.read('a')).toBeUndefined();
    expect(await dataOf(backend, 'b')).toBe(2);
  });

  test('may be about no record at all', async () => {
    await expect(backend.transact([], () => ({ result: 'done' }))).resolves.toBe('done');
  });

  test('that write nothing wait for no commit', async () => {
    const commit = vi.spyOn(IDBTransaction.prototype, 'commit');
    const puts = vi.spyOn(IDBObjectStore.prototype, 'put');
    await expect(backend.transact(['a'], () => ({ result: 'seen' }))).resolves.toBe('seen');
    expect(commit).not.toHaveBeenCalled();
    expect(puts).not.toHaveBeenCalled();
  });

  test('R9 settle when the transaction is complete, and not when its requests are', async () => {
    const rounds = 5;
    let answered = 0;
    vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementation(function (
      this: IDBTransaction,
    ) {
      const store = this.objectStore('records');
      const again = (): void => {
        if (answered++ < rounds) store.get('a').addEventListener('success', again);
      };
      again();
    });
    let settledAfter = -1;
    await put(backend, live('a', 1)).then(() => (settledAfter = answered));
    expect(settledAfter).toBe(rounds + 1);
  });

  test('R12 data that cannot be cloned is refused, its batch goes through', async () => {
    await put(backend, live('a', 'old'));
    const [bad, good] = await Promise.allSettled([
      put(
        backend,
        live('a', () => {}),
      ),
      put(backend, live('b', 'new')),
    ]);
    expect(bad).toMatchObject({ reason: { code: 'ENCODE_FAILED' } });
    expect(good.status).toBe('fulfilled');
    expect(await dataOf(backend, 'a')).toBe('old');
    expect(await dataOf(backend, 'b')).toBe('new');
  });

  test('R10 of several records are all or nothing', async () => {
    await expect(
      put(
        backend,
        live('a', 1),
        live('b', () => {}),
      ),
    ).rejects.toMatchObject({ code: 'ENCODE_FAILED' });
    expect(await storedRows(factory, 'shop')).toEqual([]);
  });
});

describe('a commit that fails', () => {
  /** Has the storage fail when everything was asked of it. */
  function failCommits(name: string): void {
    vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementation(function (
      this: IDBTransaction,
    ) {
      Object.defineProperty(this, 'error', { value: new DOMException('', name) });
      this.abort();
    });
  }

  beforeEach(() => put(backend, live('a', 'old')));

  test.each(['UnknownError', 'AbortError'])(
    'with %s may have been written: it is not tried again, but told',
    async (name) => {
      failCommits(name);
      const decide = vi.fn<Decide<null>>(() => ({ write: [live('a', 'new')], result: null }));
      await expect(backend.transact(['a'], decide)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('not known'),
        cause: { name },
      });
      expect(decide).toHaveBeenCalledTimes(1);
      await expect(backend.clear(() => [])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    },
  );

  test('for want of space says so, and leaves the old value', async () => {
    failCommits('QuotaExceededError');
    await expect(put(backend, live('a', 'new'))).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      cause: { name: 'QuotaExceededError' },
    });
    expect(await storedRows(factory, 'shop')).toMatchObject([{ id: 'a', data: 'old' }]);
  });
});

describe('clear', () => {
  test('R14 drops all of this namespace, unreadable rows too, but what is retained', async () => {
    const other = indexedDBBackend({ indexedDB: factory });
    await other.open(contextOf('other'));
    await put(other, live('a', 'kept'));
    const ended = tombstone('c', 9000);
    await put(backend, live('a', 1), live('b', 2), ended);
    await putForeign(factory, 'shop', { id: 'broken' }, { id: 7 });
    await backend.clear((current) => {
      expect(current.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
      return [ended, tombstone('a', 8000)];
    });
    expect(await storedRows(factory, 'shop')).toEqual([tombstone('a', 8000), ended]);
    expect(await dataOf(other, 'a')).toBe('kept');
    await other.close();
  });

  test('R10 leaves everything when it fails', async () => {
    await put(backend, live('a', 1));
    await expect(backend.clear(() => [live('b', () => {})])).rejects.toMatchObject({
      code: 'ENCODE_FAILED',
    });
    expect(await storedRows(factory, 'shop')).toMatchObject([{ id: 'a', data: 1 }]);
  });
});
