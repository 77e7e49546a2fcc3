// Records, and an open IndexedDB backend, for the tests of that backend in Node and in browsers.

import { vi } from 'vitest';
import type {
  Backend,
  BackendContext,
  LiveRecord,
  StoredRecord,
  Tombstone,
} from '../src/backend.js';
import { payloadOf } from '../src/payload.js';

export function live(id: string, data: unknown, extra: Partial<LiveRecord> = {}): LiveRecord {
  return {
    kind: 'live',
    id,
    version: 1,
    createdAt: 1000,
    updatedAt: 1000,
    owner: null,
    slot: null,
    expiresAt: null,
    touchedAt: 1000,
    idle: null,
    absolute: null,
    schemaVersion: 1,
    data: payloadOf(data),
    ...extra,
  };
}

export function tombstone(id: string, purgeAt: number): Tombstone {
  return {
    kind: 'tombstone',
    id,
    version: 2,
    createdAt: 1000,
    updatedAt: 2000,
    reason: 'ended',
    successor: null,
    lastOwner: 'ann',
    purgeAt,
  };
}

export function contextOf(name: string): BackendContext {
  return { name, now: () => 5000, onError: () => {}, onChange: () => {}, onReset: () => {} };
}

/** Writes records whatever was there, in one transaction. */
export function put(backend: Backend, ...records: StoredRecord[]): Promise<void> {
  const ids = records.map(({ id }) => id);
  return backend.transact(ids, () => ({ write: records, result: undefined }));
}

/** The decoded data of a live record. */
export async function dataOf(backend: Backend, id: string): Promise<unknown> {
  const record = await backend.read(id);
  if (record?.kind !== 'live') throw new Error(`no live record, but ${record?.kind}`);
  return record.data.value();
}

export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('no reason given')));
  });
}

/** Puts rows as another script of the origin would: past the backend. */
export async function putForeign(
  factory: IDBFactory,
  name: string,
  ...rows: object[]
): Promise<void> {
  const database = await answer(factory.open(`tabkeep:${name}`));
  const records = database.transaction('records', 'readwrite').objectStore('records');
  await Promise.all(rows.map((row) => answer(records.put(row))));
  database.close();
}

/** All rows as they lie in the database. */
export async function storedRows(factory: IDBFactory, name: string): Promise<object[]> {
  const database = await answer(factory.open(`tabkeep:${name}`));
  const rows: object[] = await answer(
    database.transaction('records').objectStore('records').getAll(),
  );
  database.close();
  return rows;
}

/** Adds one to a counter, in one transaction. */
export function increment(backend: Backend, id: string): Promise<number> {
  return backend.transact([id], (current) => {
    const record = current.get(id);
    const count = record?.kind === 'live' ? (record.data.value() as number) + 1 : 1;
    return { write: [live(id, count, { version: count })], result: count };
  });
}

/** A method as it is before it is spied upon, to be called on any object of its class. */
export function methodOf<Class, Name extends keyof Class>(
  prototype: Class,
  name: Name,
): Class[Name] {
  return prototype[name];
}

/** Counts the transactions of a mode that are begun from now on. */
export function countTransactions(): (mode: IDBTransactionMode) => number {
  const { mock } = vi.spyOn(IDBDatabase.prototype, 'transaction');
  return (mode) => mock.calls.filter((call) => (call[1] ?? 'readonly') === mode).length;
}

/** Collects the connections that are made from now on, in their order. */
export function watchConnections(factory: IDBFactory): IDBDatabase[] {
  const databases: IDBDatabase[] = [];
  const open = methodOf(factory, 'open');
  vi.spyOn(factory, 'open').mockImplementation((name, version) => {
    const request = open.call(factory, name, version);
    request.addEventListener('success', () => databases.push(request.result));
    return request;
  });
  return databases;
}

export function isOpen(database: IDBDatabase): boolean {
  try {
    database.transaction('records');
    return true;
  } catch (error) {
    return (error as Error).name !== 'InvalidStateError';
  }
}

export function checkAllClosed(databases: readonly IDBDatabase[]): void {
  if (databases.some(isOpen)) throw new Error('A connection was left open.');
}
