/** Records as rows of an IndexedDB object store, and the transactions that read and change them. */

import { wrap } from 'idb';
import type { CurrentRecords, Durability, ScanPage, StoredRecord } from '../backend.js';
import { errorName, SessionError } from '../errors.js';
import { payloadOf } from '../payload.js';
import { headerOf, parseRecord, unreadable } from '../record.js';
import { fromCloneable, toCloneable } from './cloneable.js';
import type { Batch } from './group-commit.js';
import { createMeta, metaName } from './indexeddb-epoch.js';

export type WriteDurability = Extract<Durability, 'relaxed' | 'strict'>;

const recordsName = 'records';

export function createStores(database: IDBDatabase): void {
  const records = database.createObjectStore(recordsName, { keyPath: 'id' });
  // With the id in the key, a page is a plain key range. Rows where the property is absent or null are not indexed.
  for (const field of ['owner', 'expiresAt', 'purgeAt']) records.createIndex(field, [field, 'id']);
  createMeta(database);
}

export function hasStores({ objectStoreNames }: IDBDatabase): boolean {
  return objectStoreNames.contains(recordsName) && objectStoreNames.contains(metaName);
}

/** The records, for reading, in a new transaction: whoever gets it asks at once, or it ends. */
export function recordsIn(database: IDBDatabase): IDBObjectStore {
  return database.transaction(recordsName).objectStore(recordsName);
}

/** Waits for requests of one transaction. They are answered in the order in which they were made, so the last tells all. */
export async function answered(requests: readonly IDBRequest[]): Promise<void> {
  const last = requests.at(-1);
  if (last === undefined) return;
  try {
    await wrap(last);
  } catch (error) {
    // Where an earlier one failed, the last knows only that it was aborted.
    throw last.transaction?.error ?? error;
  }
}

/** Reads records; all of them are asked for before this returns. */
export async function getRecords(
  store: IDBObjectStore,
  ids: Iterable<string>,
): Promise<CurrentRecords> {
  const requests = new Map(Array.from(ids, (id) => [id, store.get(id)] as const));
  await answered([...requests.values()]);
  return {
    get(id) {
      const row: unknown = requests.get(id)?.result;
      return row === undefined ? undefined : toRecord(row as Row);
    },
  };
}

/** Commits a batch in one transaction. */
export async function commitBatch(
  database: IDBDatabase,
  durability: WriteDurability,
  batch: Batch,
): Promise<void> {
  const store = writableRecordsIn(database, durability);
  const current = await getRecords(store, batch.ids);
  const { records } = batch.decide(current);
  // What was read is committed already.
  if (records.size === 0) return;
  await commit(store, () => {
    for (const [id, record] of records) {
      if (record === undefined) store.delete(id);
      else store.put(toRow(record));
    }
  });
}

/** Puts what `retain` returns in the place of everything, in one transaction. */
export async function replaceAll(
  database: IDBDatabase,
  durability: WriteDurability,
  retain: (current: readonly StoredRecord[]) => readonly StoredRecord[],
): Promise<void> {
  const store = writableRecordsIn(database, durability);
  const rows: Row[] = await wrap(store.getAll());
  const retained = retain(parseRows(rows).records);
  await commit(store, () => {
    store.clear();
    for (const record of retained) store.put(toRow(record));
  });
}

function writableRecordsIn(database: IDBDatabase, durability: WriteDurability): IDBObjectStore {
  return database.transaction(recordsName, 'readwrite', { durability }).objectStore(recordsName);
}

/**
 * Settles when what `write` asks for is durable (R9): a commit may fail although each of its requests has succeeded.
 *
 * @throws {@link SessionError} and never what looks like a lost connection, see {@link toCommitError}
 */
async function commit({ transaction }: IDBObjectStore, write: () => void): Promise<void> {
  try {
    write();
  } catch (error) {
    transaction.abort();
    throw new SessionError('ENCODE_FAILED', 'The data holds something that cannot be stored.', {
      cause: error,
    });
  }
  transaction.commit();
  await new Promise<void>((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(toCommitError(transaction.error)));
  });
}

/**
 * Whatever fails before `transaction.commit()` is certain to have written nothing, and may be tried again. After it only
 * a full storage is. By the specification every abort is; but where the process or disk behind the storage fails just
 * then, the page sees an abort whether the change got there or not, and a second try could make an update twice.
 */
function toCommitError(cause: unknown): SessionError {
  return errorName(cause) === 'QuotaExceededError'
    ? new SessionError('QUOTA_EXCEEDED', 'The browser allows no more data in IndexedDB.', { cause })
    : new SessionError(
        'STORE_UNAVAILABLE',
        'IndexedDB has failed in a commit: it is not known whether the change is stored.',
        { cause },
      );
}

/** A record as it is stored: its header and its data side by side. */
export interface Row {
  readonly id: string;
  readonly expiresAt?: number | null;
  readonly purgeAt?: number;
  readonly data?: unknown;
  readonly placeholders?: unknown;
}

function toRow(record: StoredRecord): object {
  return record.kind === 'live'
    ? { ...headerOf(record), ...toCloneable(record.data.value()) }
    : record;
}

/** @throws {@link SessionError} `DECODE_FAILED`: anybody may have written the row */
function toRecord(row: Row): StoredRecord {
  const { data, placeholders, ...header } = row;
  return parseRecord(row.id, header, row, () => {
    try {
      return payloadOf(fromCloneable(data, placeholders));
    } catch (error) {
      throw unreadable(row.id, row, error);
    }
  });
}

/** What can be read of some rows, and the errors of the others. */
export function parseRows(rows: readonly Row[]): Omit<ScanPage, 'next'> {
  const records: StoredRecord[] = [];
  const errors: Error[] = [];
  for (const row of rows) {
    try {
      records.push(toRecord(row));
    } catch (error) {
      errors.push(error as Error);
    }
  }
  return { records, unreadable: errors };
}
