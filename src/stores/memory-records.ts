/** Records in a Map, with their indexes. */

import type { ListIdsQuery, ScanPage, ScanQuery, StoredRecord } from '../backend.js';
import { isExpired } from '../expiry.js';
import { isInternalId } from '../session-id.js';
import { SortedIndex } from './sorted-index.js';

/** What to put under each id; `undefined` removes it. */
export type RecordChanges = ReadonlyMap<string, StoredRecord | undefined>;

/** The records of one namespace. */
export class MemoryRecords {
  readonly #byId = new Map<string, StoredRecord>();
  /** The live ones, the longest unused first. */
  readonly #lives = new Set<string>();
  readonly #ids = new SortedIndex();
  readonly #owners = new SortedIndex();
  readonly #expiries = new SortedIndex();
  readonly #purges = new SortedIndex();

  constructor(records: Iterable<StoredRecord> = []) {
    for (const record of records) this.#put(record);
  }

  get(id: string): StoredRecord | undefined {
    return this.#byId.get(id);
  }

  all(): StoredRecord[] {
    return [...this.#byId.values()];
  }

  /** Says that a session was asked for. */
  use(id: string): void {
    if (this.#lives.delete(id)) this.#lives.add(id);
  }

  apply(changes: RecordChanges): void {
    for (const [id, record] of changes) {
      this.#remove(id);
      if (record !== undefined) this.#put(record);
    }
  }

  /**
   * The same changes, and as many sessions removed as there would be more than `most`: first those that were not written or
   * asked for the longest, and of those that are written now only where they alone are too many.
   */
  limit(changes: RecordChanges, most: number): RecordChanges {
    if (most === Infinity) return changes;
    const limited = new Map(changes);
    const kept = [...this.#lives].filter((id) => !changes.has(id));
    const written = [...changes].filter(([, record]) => record?.kind === 'live').map(([id]) => id);
    const excess = Math.max(0, kept.length + written.length - most);
    for (const id of [...kept, ...written].slice(0, excess)) limited.set(id, undefined);
    return limited;
  }

  scan(query: ScanQuery): ScanPage {
    const after = query.after;
    const records: StoredRecord[] = [];
    const page = this.#idsOf(query, after);
    for (const id of page) {
      if (records.length === query.limit)
        return { records, next: cursorOf(query, records.at(-1)!), unreadable: [] };
      records.push(this.#byId.get(id)!);
    }
    return { records, unreadable: [] };
  }

  listIds({ owner, aliveAt, after, limit }: ListIdsQuery): string[] {
    const key = owner ?? '';
    const index = owner === undefined ? this.#ids : this.#owners;
    const ids: string[] = [];
    for (const id of index.ids({
      from: key,
      upTo: key,
      after: after === undefined ? undefined : { key, id: after },
    })) {
      if (ids.length >= limit) break;
      const record = this.#byId.get(id)!;
      if (!isInternalId(id) && record.kind === 'live' && !isExpired(record.expiresAt, aliveAt))
        ids.push(id);
    }
    return ids;
  }

  #put(record: StoredRecord): void {
    this.#byId.set(record.id, record);
    if (record.kind === 'live') this.#lives.add(record.id);
    for (const [index, key] of this.#entriesOf(record)) index.add(key, record.id);
  }

  #remove(id: string): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    this.#byId.delete(id);
    this.#lives.delete(id);
    for (const [index, key] of this.#entriesOf(record)) index.remove(key, id);
  }

  #idsOf(query: ScanQuery, after: ScanQuery['after']): Generator<string> {
    switch (query.by) {
      case 'id':
        return this.#ids.ids({ upTo: '', after: after && { key: '', id: after.id } });
      case 'owner': {
        const key = query.owner;
        return this.#owners.ids({ from: key, upTo: key, after: after && { key, id: after.id } });
      }
      case 'expiresAt':
      case 'purgeAt': {
        const index = query.by === 'expiresAt' ? this.#expiries : this.#purges;
        return index.ids({
          upTo: query.until,
          after: after && { key: after.at ?? -Infinity, id: after.id },
        });
      }
    }
  }

  *#entriesOf(record: StoredRecord): Generator<readonly [SortedIndex, string | number]> {
    yield [this.#ids, ''];
    if (record.kind === 'tombstone') yield [this.#purges, record.purgeAt];
    if (record.kind !== 'live') return;
    if (record.owner !== null) yield [this.#owners, record.owner];
    if (record.expiresAt !== null) yield [this.#expiries, record.expiresAt];
  }
}

function cursorOf(query: ScanQuery, last: StoredRecord): ScanPage['next'] {
  if (query.by === 'expiresAt' && last.kind === 'live') return { at: last.expiresAt, id: last.id };
  if (query.by === 'purgeAt' && last.kind === 'tombstone') return { at: last.purgeAt, id: last.id };
  return { at: null, id: last.id };
}
