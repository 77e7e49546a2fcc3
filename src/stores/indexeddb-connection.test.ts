import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  answer,
  checkAllClosed,
  contextOf,
  dataOf,
  isOpen,
  live,
  methodOf,
  put,
  watchConnections,
} from '../../test/indexeddb-fixture.js';
import type { Backend, Decide } from '../backend.js';
import { indexedDBBackend } from './indexeddb.js';

let factory: IDBFactory;
let backend: Backend;
/** Connections in the order in which they were made. */
let databases: IDBDatabase[];

beforeEach(() => {
  factory = new IDBFactory();
  backend = indexedDBBackend({ indexedDB: factory });
  databases = watchConnections(factory);
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await backend.close();
  checkAllClosed(databases);
});

/** Makes the next calls of a method throw. */
function failNext(method: 'transaction' | 'get', name: string, times = 1): void {
  const target: object = method === 'get' ? IDBObjectStore.prototype : IDBDatabase.prototype;
  const spy = vi.spyOn(target as Record<typeof method, () => unknown>, method);
  for (let i = 0; i < times; i++) {
    spy.mockImplementationOnce(() => {
      throw new DOMException('lost', name);
    });
  }
}

describe('opening', () => {
  test('makes the object stores, at version 1', async () => {
    await backend.open(contextOf('shop'));
    expect(await factory.databases()).toEqual([{ name: 'tabkeep:shop', version: 1 }]);
    const [database] = databases;
    expect([...database!.objectStoreNames]).toEqual(['meta', 'records']);
    const transaction = database!.transaction(['meta', 'records']);
    expect(transaction.objectStore('meta').keyPath).toBe('key');
    const records = transaction.objectStore('records');
    expect(records.keyPath).toBe('id');
    const indexes = [...records.indexNames].map((name) => records.index(name).keyPath);
    expect(indexes).toEqual([
      ['expiresAt', 'id'],
      ['owner', 'id'],
      ['purgeAt', 'id'],
    ]);
  });

  test('is done once for many at the same time', async () => {
    await Promise.all([backend.open(contextOf('shop')), backend.open(contextOf('shop'))]);
    await Promise.all([backend.read('a'), backend.listIds({ aliveAt: 0, limit: 1 })]);
    expect(databases).toHaveLength(1);
    await backend.close(); // of the two that opened it, one is left to the end of the test
  });

  test.each([
    ['is missing', { value: undefined }],
    [
      'may not be looked at',
      {
        get() {
          throw new DOMException('no', 'SecurityError');
        },
      },
    ],
  ])('where IndexedDB %s fails', async (_, property) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB')!;
    Object.defineProperty(globalThis, 'indexedDB', { ...property, configurable: true });
    try {
      await expect(indexedDBBackend().open(contextOf('shop'))).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
    } finally {
      Object.defineProperty(globalThis, 'indexedDB', before);
    }
  });

  test.each([
    ['other object stores', 1],
    ['a higher version', 3],
  ])('touches no database with %s', async (_, version) => {
    const request = factory.open('tabkeep:shop', version);
    request.addEventListener('upgradeneeded', () => {
      request.result.createObjectStore('records').put('theirs', 'key');
    });
    const theirs = await answer(request);
    await expect(backend.open(contextOf('shop'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('tabkeep has not made'),
    });
    expect(theirs.version).toBe(version);
    expect(await answer(theirs.transaction('records').objectStore('records').getAll())).toEqual([
      'theirs',
    ]);
    theirs.close();
  });

  test('that fails late does not close what was opened since', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(factory, 'open').mockReturnValueOnce(new IDBOpenDBRequest());
    const failure = backend.open(contextOf('shop')).catch((error: unknown) => error);
    await backend.close();
    await backend.open(contextOf('shop'));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await failure).toMatchObject({ code: 'STORE_BLOCKED' });
    await expect(backend.read('a')).resolves.toBeUndefined();
  });

  test('that failed may be tried again', async () => {
    vi.spyOn(factory, 'open').mockImplementationOnce(() => {
      throw new DOMException('no', 'UnknownError');
    });
    await expect(backend.open(contextOf('shop'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { name: 'UnknownError' },
    });
    // Nothing is left of it, not even the name.
    await backend.open(contextOf('other'));
    await expect(backend.read('a')).resolves.toBeUndefined();
  });
});

describe('a lost connection', () => {
  beforeEach(async () => {
    await backend.open(contextOf('shop'));
    await put(backend, live('a', 1));
  });

  test('that the browser closes is made anew at the next use', async () => {
    const closed = new Promise((resolve) => databases[0]!.addEventListener('close', resolve));
    forceCloseDatabase(databases[0] as never);
    await closed;
    const transaction = vi.spyOn(databases[0]!, 'transaction');
    expect(databases).toHaveLength(1);
    expect(await dataOf(backend, 'a')).toBe(1);
    expect(databases).toHaveLength(2);
    expect(transaction).not.toHaveBeenCalled();
  });

  test('is closed for a tab that deletes the database', async () => {
    const request = factory.deleteDatabase('tabkeep:shop');
    const blocked = vi.fn<() => void>();
    request.addEventListener('blocked', blocked);
    await answer(request);
    expect(blocked).not.toHaveBeenCalled();
    await expect(backend.read('a')).resolves.toBeUndefined();
    expect(databases).toHaveLength(2);
  });

  test.each([
    ['transaction', 'InvalidStateError'],
    ['get', 'UnknownError'],
    ['get', 'AbortError'],
  ] as const)('%s with %s: each operation runs again on a new one', async (method, name) => {
    failNext(method, name);
    expect(await dataOf(backend, 'a')).toBe(1);
    expect(databases).toHaveLength(2);
    expect(isOpen(databases[0]!)).toBe(false);

    failNext(method, name);
    const decide = vi.fn<Decide<string>>(() => ({ write: [live('a', 2)], result: 'done' }));
    await expect(backend.transact(['a'], decide)).resolves.toBe('done');
    expect(decide).toHaveBeenCalledTimes(1);
    expect(databases).toHaveLength(3);
  });

  test('silently closed is found out at the next use', async () => {
    databases[0]!.close();
    await expect(backend.listIds({ aliveAt: 0, limit: 9 })).resolves.toEqual(['a']);
    expect(databases).toHaveLength(2);
  });

  test('that is lost again is told, and the next use tries anew', async () => {
    failNext('transaction', 'InvalidStateError', 2);
    await expect(backend.read('a')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { name: 'InvalidStateError' },
    });
    expect(databases).toHaveLength(2);
    expect(await dataOf(backend, 'a')).toBe(1);
    expect(databases).toHaveLength(3);
  });

  test('that cannot be made anew is told, and the next use tries again', async () => {
    databases[0]!.close();
    vi.spyOn(factory, 'open').mockImplementationOnce(() => {
      throw new DOMException('no', 'UnknownError');
    });
    await expect(backend.read('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await dataOf(backend, 'a')).toBe(1);
  });

  test('takes its transactions along: they run again', async () => {
    const get = methodOf(IDBObjectStore.prototype, 'get');
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(function (
      this: IDBObjectStore,
      key,
    ) {
      const request = get.call(this, key);
      this.transaction.abort();
      return request;
    });
    expect(await dataOf(backend, 'a')).toBe(1);
    expect(databases).toHaveLength(2);
  });

  test('is not made anew for a backend that has been closed', async () => {
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(() => {
      throw new DOMException('lost', 'UnknownError');
    });
    const reading = backend.read('a').catch((error: unknown) => error);
    await backend.close();
    expect(await reading).toMatchObject({ code: 'STORE_CLOSED' });
    expect(databases).toHaveLength(1);
  });

  test('other failures are told at once', async () => {
    failNext('get', 'DataError');
    await expect(backend.read('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(databases).toHaveLength(1);
  });

  test('the failure that is told is the first one, not what it led to', async () => {
    const get = methodOf(IDBObjectStore.prototype, 'get');
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (
      this: IDBObjectStore,
      key,
    ) {
      const request = get.call(this, key);
      if (key === 'bad') {
        request.addEventListener('success', (event) => {
          event.stopImmediatePropagation();
          Object.defineProperty(this.transaction, 'error', {
            value: new DOMException('', 'DataError'),
          });
          this.transaction.abort();
        });
      }
      return request;
    });
    const reads = await Promise.allSettled([backend.read('bad'), backend.read('a')]);
    expect(reads).toMatchObject([
      { reason: { cause: { name: 'DataError' } } },
      { reason: { cause: { name: 'DataError' } } },
    ]);
    expect(databases).toHaveLength(1);
  });
});
