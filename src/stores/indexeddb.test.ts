import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  contextOf,
  countTransactions,
  increment,
  live,
  methodOf,
  put,
  putForeign,
  storedRows,
} from '../../test/indexeddb-fixture.js';
import type { Backend } from '../backend.js';
import { isSessionError } from '../errors.js';
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

describe('options', () => {
  test('misuse throws', () => {
    expect(() => indexedDBBackend({ durability: 'eventual' as 'strict' })).toThrow(TypeError);
    expect(() => indexedDBBackend({ openTimeout: '5' as unknown as number })).toThrow(TypeError);
    expect(() => indexedDBBackend({ openTimeout: 0 })).toThrow(RangeError);
  });

  test('durability is what the capabilities and the transactions say', async () => {
    const strict = indexedDBBackend({ indexedDB: factory, durability: 'strict' });
    await strict.open(contextOf('strict'));
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await put(strict, live('a', 1));
    expect(transaction.mock.calls).toEqual([['records', 'readwrite', { durability: 'strict' }]]);
    expect(strict.capabilities.durability).toBe('strict');
    expect(backend.capabilities).toEqual({
      shared: 'origin',
      atomic: true,
      persistent: true,
      durability: 'relaxed',
      structuredClone: true,
    });
    await strict.close();
  });
});

describe('reads', () => {
  test('of one turn are one transaction', async () => {
    await put(backend, live('a', 1), live('b', 2));
    const transactions = countTransactions();
    const ids = Array.from({ length: 500 }, (_, i) => ['a', 'b', 'absent'][i % 3]!);
    const records = await Promise.all(ids.map((id) => backend.read(id)));
    expect(records.map((record) => record?.id)).toEqual(
      ids.map((id) => (id === 'absent' ? undefined : id)),
    );
    expect(transactions('readonly')).toBe(1);
    await backend.read('a');
    expect(transactions('readonly')).toBe(2);
  });

  test('R8 one record that cannot be read fails its own reader only', async () => {
    await put(backend, live('a', 1));
    await putForeign(factory, 'shop', { id: 'broken' });
    const [bad, good] = await Promise.allSettled([backend.read('broken'), backend.read('a')]);
    expect(bad).toMatchObject({ reason: { code: 'DECODE_FAILED' } });
    expect(good).toMatchObject({ value: { id: 'a' } });
  });
});

describe('open and close', () => {
  test('a closed backend refuses everything', async () => {
    await backend.close();
    const attempts = [
      backend.read('a'),
      increment(backend, 'a'),
      backend.scan({ by: 'id', limit: 1 }),
      backend.listIds({ aliveAt: 0, limit: 1 }),
      backend.clear(() => []),
    ];
    for (const { status, ...rest } of await Promise.allSettled(attempts)) {
      expect(status).toBe('rejected');
      expect('reason' in rest && isSessionError(rest.reason, 'STORE_CLOSED')).toBe(true);
    }
  });

  test('close lets what is queued commit, and may be called again', async () => {
    const get = methodOf(IDBObjectStore.prototype, 'get');
    const later: Promise<unknown>[] = [];
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(function (
      this: IDBObjectStore,
      key,
    ) {
      // The first batch runs: this one waits for it.
      later.push(increment(backend, 'a'), backend.close(), backend.close());
      return get.call(this, key);
    });
    await expect(increment(backend, 'a')).resolves.toBe(1);
    await expect(increment(backend, 'a')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await expect(Promise.all(later)).resolves.toEqual([2, undefined, undefined]);
    await backend.close();
    expect(await storedRows(factory, 'shop')).toMatchObject([{ id: 'a', data: 2 }]);
  });

  test('two stores may share it, and the last one to close it ends it; not under two names', async () => {
    await increment(backend, 'a');
    await backend.open(contextOf('shop'));
    await expect(backend.open(contextOf('other'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await backend.close();
    await expect(increment(backend, 'a')).resolves.toBe(2);
    await backend.close();
    await expect(increment(backend, 'a')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await backend.open(contextOf('other'));
    await expect(increment(backend, 'a')).resolves.toBe(1);
  });
});
