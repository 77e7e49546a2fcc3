/** A backend for tests of what stands on one: its steps can be counted, delayed and refused, its disk looked at. */

import type { Backend, Capabilities, LiveRecord, StoredRecord, Tombstone } from '../src/backend.js';
import { SessionError } from '../src/errors.js';
import { payloadOf } from '../src/payload.js';
import { slotRecordId } from '../src/session-id.js';

/** What lies in a storage, whoever has it open. */
export class Disk {
  readonly records = new Map<string, StoredRecord>();
  readonly unreadable = new Set<string>();

  constructor(...records: StoredRecord[]) {
    for (const record of records) this.records.set(record.id, record);
  }

  /** Without the records that fallback keeps for itself. */
  get sessions(): Map<string, StoredRecord> {
    return new Map(
      [...this.records].filter(([id]) => id !== '\u0001moves' && id !== '\u0001probe'),
    );
  }
}

export type Step = 'open' | 'read' | 'transact' | 'scan' | 'listIds' | 'clear' | 'close';

/** One tab's connection to a disk. `before` may delay or refuse any step. */
export class FakeBackend implements Backend {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly steps: Step[] = [];
  before: (step: Step) => void | Promise<void> = () => {};
  users = 0;
  readonly #disk: Disk;

  constructor(name: string, disk: Disk, persistent = true) {
    this.name = name;
    this.#disk = disk;
    this.capabilities = {
      shared: 'origin',
      atomic: true,
      persistent,
      durability: 'relaxed',
      structuredClone: true,
    };
  }

  async open(): Promise<void> {
    await this.#step('open');
    this.users++;
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    await this.#step('read');
    return this.#get(id);
  }

  async transact<Result>(ids: readonly string[], decide: Parameters<Backend['transact']>[1]) {
    await this.#step('transact');
    const asked = (id: string): string => {
      if (!ids.includes(id)) throw new RangeError('not asked for');
      return id;
    };
    const { write = [], remove = [], result } = decide({ get: (id) => this.#get(asked(id)) });
    for (const record of write) this.#disk.records.set(asked(record.id), record);
    for (const id of remove) this.#disk.records.delete(asked(id));
    return result as Result;
  }

  async scan({ after, limit }: Parameters<Backend['scan']>[0]): ReturnType<Backend['scan']> {
    await this.#step('scan');
    const ids = [...this.#disk.records.keys()].filter((id) => id > (after?.id ?? '')).toSorted();
    const page = ids.slice(0, limit);
    const last = page.at(-1);
    return {
      records: page.filter((id) => !this.#disk.unreadable.has(id)).map((id) => this.#get(id)!),
      unreadable: page.filter((id) => this.#disk.unreadable.has(id)).map((id) => unreadable(id)),
      ...(last !== undefined && ids.length > limit ? { next: { at: null, id: last } } : {}),
    };
  }

  async listIds(): Promise<string[]> {
    await this.#step('listIds');
    return [...this.#disk.records.values()]
      .filter(({ kind }) => kind === 'live')
      .map(({ id }) => id);
  }

  async clear(retain: Parameters<Backend['clear']>[0]): Promise<void> {
    await this.#step('clear');
    const retained = retain([...this.#disk.records.values()]);
    this.#disk.records.clear();
    for (const record of retained) this.#disk.records.set(record.id, record);
  }

  async close(): Promise<void> {
    await this.#step('close');
    this.users--;
  }

  #get(id: string): StoredRecord | undefined {
    if (this.#disk.unreadable.has(id)) throw unreadable(id);
    return this.#disk.records.get(id);
  }

  async #step(step: Step): Promise<void> {
    this.steps.push(step);
    await this.before(step);
    if (step !== 'open' && this.users === 0) throw new SessionError('STORE_CLOSED', 'Not open.');
  }
}

export function unreadable(id: string): SessionError {
  return new SessionError('DECODE_FAILED', 'Unreadable.', { id });
}

export function live(id: string, version = 1, data: unknown = `${id} ${version}`): LiveRecord {
  return {
    kind: 'live',
    id,
    version,
    createdAt: 1,
    updatedAt: version,
    owner: null,
    slot: null,
    expiresAt: null,
    touchedAt: version,
    idle: null,
    absolute: null,
    schemaVersion: 1,
    data: payloadOf(data),
  };
}

export function tombstone(id: string, version: number): Tombstone {
  return {
    kind: 'tombstone',
    id,
    version,
    createdAt: 1,
    updatedAt: version,
    reason: 'ended',
    successor: null,
    lastOwner: null,
    purgeAt: 1e12,
  };
}

export function slot(name: string, version: number, target: string): StoredRecord {
  return { kind: 'slot', id: slotRecordId(name), version, createdAt: 1, updatedAt: 1, target };
}

export function put(backend: Backend, record: StoredRecord): Promise<void> {
  return backend.transact([record.id], () => ({ write: [record], result: undefined }));
}

/** Adds one to the version; rejects where the record is absent. */
export function increment(backend: Backend, id: string): Promise<number> {
  return backend.transact([id], (current) => {
    const record = current.get(id);
    if (record === undefined) throw new Error('absent');
    const version = record.version + 1;
    return { write: [live(id, version)], result: version };
  });
}

export const refuse = (step: Step, error: unknown = new Error('refused')) => ({
  error,
  before: (taken: Step): void => {
    if (taken === step) throw error;
  },
});
