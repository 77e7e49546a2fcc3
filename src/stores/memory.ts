/** Sessions in a Map: for tests, for servers, and where a browser refuses every storage. */

import type {
  Backend,
  BackendContext,
  Capabilities,
  Decide,
  ListIdsQuery,
  ScanPage,
  ScanQuery,
  StoredRecord,
} from '../backend.js';
import { SessionError } from '../errors.js';
import { isExpired } from '../expiry.js';
import { isInternalId } from '../session-id.js';
import { changedIds } from './decision.js';
import { SortedIndex } from './sorted-index.js';

const capabilities: Capabilities = {
  shared: 'tab',
  atomic: true,
  persistent: false,
  durability: 'none',
  structuredClone: true,
};

/**
 * A {@link Backend} that keeps records in memory. They live as long as this object does: a store that is closed and
 * opened again on it finds them, and several stores of one name may share it.
 *
 * Concurrency: every transaction runs in one turn of the event loop, so nothing comes between (R2)
 * Durability:  none; nothing touches the disk
 *
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { memoryBackend } from 'tabkeep/stores/memory';
 *
 * const store = await openStore<{ items: string[] }>({ name: 'shop', backend: memoryBackend() });
 * ```
 */
export function memoryBackend(): Backend {
  return new MemoryBackend();
}

class MemoryBackend implements Backend {
  readonly name = 'memory';
  readonly capabilities = capabilities;
  readonly #namespaces = new Map<string, Records>();
  #open: { readonly name: string; users: number } | undefined;

  async open({ name }: BackendContext): Promise<void> {
    if (this.#open !== undefined && this.#open.name !== name) {
      throw new SessionError(
        'STORE_UNAVAILABLE',
        'This memory backend is open under another name.',
      );
    }
    this.#open = { name, users: (this.#open?.users ?? 0) + 1 };
    if (!this.#namespaces.has(name)) this.#namespaces.set(name, new Records());
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return this.#records().get(id);
  }

  async transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result> {
    const records = this.#records();
    const decision = decide(records);
    changedIds(ids, decision);
    const { write = [], remove = [], result } = decision;
    for (const record of write) records.put(record);
    for (const id of remove) records.remove(id);
    return result;
  }

  async scan(query: ScanQuery): Promise<ScanPage> {
    return this.#records().scan(query);
  }

  async listIds(query: ListIdsQuery): Promise<string[]> {
    return this.#records().listIds(query);
  }

  async clear(
    retain: (current: readonly StoredRecord[]) => readonly StoredRecord[],
  ): Promise<void> {
    const before = this.#records();
    const after = new Records();
    for (const record of retain(before.all())) after.put(record);
    this.#namespaces.set(this.#open!.name, after);
  }

  async close(): Promise<void> {
    if (this.#open !== undefined && --this.#open.users === 0) this.#open = undefined;
  }

  #records(): Records {
    const records = this.#open && this.#namespaces.get(this.#open.name);
    if (records === undefined)
      throw new SessionError('STORE_CLOSED', 'The memory backend is not open.');
    return records;
  }
}

/** The records of one namespace with their indexes. */
class Records {
  readonly #byId = new Map<string, StoredRecord>();
  readonly #ids = new SortedIndex();
  readonly #owners = new SortedIndex();
  readonly #expiries = new SortedIndex();
  readonly #purges = new SortedIndex();

  get(id: string): StoredRecord | undefined {
    return this.#byId.get(id);
  }

  all(): StoredRecord[] {
    return [...this.#byId.values()];
  }

  put(record: StoredRecord): void {
    this.remove(record.id);
    this.#byId.set(record.id, record);
    for (const [index, key] of this.#entriesOf(record)) index.add(key, record.id);
  }

  remove(id: string): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    this.#byId.delete(id);
    for (const [index, key] of this.#entriesOf(record)) index.remove(key, id);
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
