import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  answer,
  checkAllClosed,
  contextOf,
  isOpen,
  watchConnections,
} from '../../test/indexeddb-fixture.js';
import type { Backend } from '../backend.js';
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

describe('opening', () => {
  test('that somebody keeps from ending says so, and is closed when it does end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // An open request waits in line behind one to delete, which waits for this connection.
    const holder = await answer(factory.open('tabkeep:shop'));
    const deleted = answer(factory.deleteDatabase('tabkeep:shop'));
    const opening = backend.open(contextOf('shop'));
    const failure = opening.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(4999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await failure).toMatchObject({
      code: 'STORE_BLOCKED',
      cause: { message: 'IndexedDB did not open within 5000 ms.' },
    });
    holder.close();
    await deleted;
    await vi.waitUntil(() => databases.length === 2);
    await vi.waitUntil(() => !isOpen(databases[1]!));
    await backend.open(contextOf('shop'));
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that is blocked says so', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const request = new IDBOpenDBRequest();
    vi.spyOn(factory, 'open').mockReturnValueOnce(request);
    const opening = backend.open(contextOf('shop'));
    request.dispatchEvent(new IDBVersionChangeEvent('blocked'));
    const failure = opening.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await failure).toMatchObject({ code: 'STORE_BLOCKED' });
  });

  test.each([
    ['does not answer either', () => new Promise<never>(() => {})],
    ['fails otherwise too', () => Promise.reject(new DOMException('no', 'UnknownError'))],
    ['is too old to say', undefined],
  ])('that never ends is given up, where IndexedDB %s', async (_, databasesIn) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(factory, 'open').mockReturnValueOnce(new IDBOpenDBRequest());
    Object.assign(factory, { databases: databasesIn });
    const failure = backend.open(contextOf('shop')).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await failure).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { message: 'IndexedDB did not open within 5000 ms.' },
    });
  });
});
