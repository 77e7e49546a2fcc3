/** Records in a storage of keys and texts. */

import type { StoredRecord } from '../backend.js';
import type { Codec } from '../codec.js';
import type { Batch } from './group-commit.js';
import type { Entry, JournaledStore, Values } from './journaled-store.js';
import { formatRecord, parseStored } from './key-value-format.js';

/** Every record of a namespace, and the errors of those that cannot be read. */
export interface AllRecords {
  readonly records: readonly StoredRecord[];
  readonly unreadable: readonly Error[];
}

export class KeyValueRecords {
  readonly #store: JournaledStore;
  readonly #loadCodec: () => Promise<Codec>;

  /** @param loadCodec - called when there is something to encode or decode */
  constructor(store: JournaledStore, loadCodec: () => Promise<Codec>) {
    this.#store = store;
    this.#loadCodec = loadCodec;
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const key = this.#keyOf(id);
    const raw = (await this.#store.read([key])).get(key);
    return raw === null ? undefined : parseStored(id, raw, await this.#loadCodec());
  }

  async readAll(): Promise<AllRecords> {
    return this.#parseAll(await this.#store.readAll());
  }

  async commit(batch: Batch): Promise<void> {
    const codec = await this.#loadCodec();
    await this.#store.alone(async (turn) => {
      const before = await this.#store.current(Array.from(batch.ids, (id) => this.#keyOf(id)));
      const { records, linked } = batch.decide({
        get: (id) => parseStored(id, before.get(this.#keyOf(id)), codec),
      });
      const changes = Array.from(records, ([id, record]): Entry => {
        return [this.#keyOf(id), record === undefined ? null : formatRecord(record, codec)];
      });
      await this.#store.change(changes, before, linked, turn);
    });
  }

  async clear(
    retain: (current: readonly StoredRecord[]) => readonly StoredRecord[],
  ): Promise<void> {
    const codec = await this.#loadCodec();
    await this.#store.alone(async (turn) => {
      const before = await this.#store.currentAll();
      const { records } = await this.#parseAll(before);
      const changes = new Map<string, string | null>();
      for (const key of before.keys()) changes.set(key, null);
      for (const record of retain(records)) {
        changes.set(this.#keyOf(record.id), formatRecord(record, codec));
      }
      await this.#store.change([...changes], before, true, turn);
    });
  }

  async #parseAll(values: Values): Promise<AllRecords> {
    const records: StoredRecord[] = [];
    const unreadable: Error[] = [];
    if (values.size === 0) return { records, unreadable };
    const codec = await this.#loadCodec();
    for (const [key, raw] of values) {
      try {
        const record = parseStored(key.slice(this.#store.recordPrefix.length), raw, codec);
        if (record !== undefined) records.push(record);
      } catch (error) {
        unreadable.push(error as Error);
      }
    }
    return { records, unreadable };
  }

  #keyOf(id: string): string {
    return this.#store.recordPrefix + id;
  }
}
