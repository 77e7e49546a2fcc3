/** Records for cases that speak to a backend without a store. */

import type {
  Backend,
  Decide,
  LiveRecord,
  SlotRecord,
  StoredRecord,
  Tombstone,
} from '../backend.js';
import { payloadOf } from '../payload.js';

/** A live record; its data is `{ id }` unless told otherwise. */
export function live(id: string, over: Partial<LiveRecord> = {}): LiveRecord {
  return {
    kind: 'live',
    id,
    version: 1,
    owner: null,
    slot: null,
    createdAt: 1000,
    updatedAt: 1000,
    touchedAt: 1000,
    idle: null,
    absolute: null,
    expiresAt: null,
    schemaVersion: 1,
    data: payloadOf({ id }),
    ...over,
  };
}

export function tombstone(id: string, over: Partial<Tombstone> = {}): Tombstone {
  return {
    kind: 'tombstone',
    id,
    version: 1,
    reason: 'ended',
    successor: null,
    lastOwner: null,
    createdAt: 1000,
    updatedAt: 1000,
    purgeAt: 5000,
    ...over,
  };
}

/** The library's own records have ids that start with a control character. */
export function slot(name: string, target: string): SlotRecord {
  return {
    kind: 'slot',
    id: `\u0001slot:${name}`,
    version: 1,
    target,
    createdAt: 1000,
    updatedAt: 1000,
  };
}

/** Writes records, whatever was there. */
export function put(backend: Backend, ...records: StoredRecord[]): Promise<void> {
  return backend.transact(
    records.map(({ id }) => id),
    () => ({ write: records, result: undefined }),
  );
}

/** Counts one up in a record's data, as `update` does, and creates it at 1. */
export function increment(id: string): Decide<number> {
  return (current) => {
    const before = current.get(id);
    const count = before?.kind === 'live' ? (before.data.value() as { count: number }).count : 0;
    const version = (before?.version ?? 0) + 1;
    const data = payloadOf({ count: count + 1 });
    return { write: [live(id, { version, data })], result: count + 1 };
  };
}

/** What a record says, its data decoded: for comparing records that came from different backends. */
export function plain(record: StoredRecord | undefined): unknown {
  return record?.kind === 'live' ? { ...record, data: record.data.value() } : record;
}

/** Numbers from 0, for making many of something. */
export function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
