/** Faults between a store and its backend. */

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

/** The methods of a {@link Backend}. */
export type BackendOperation =
  | 'open'
  | 'read'
  | 'transact'
  | 'scan'
  | 'listIds'
  | 'clear'
  | 'close';

/** A {@link Backend} that fails, waits and counts as it is told. */
export interface FaultyBackend extends Backend {
  /** How often each operation was begun. */
  readonly calls: Readonly<Record<BackendOperation, number>>;
  /** How many records were asked for by id or handed out by a scan: the cost of what was done. */
  readonly handled: number;
  /**
   * Runs `action` once, at the next such operation: `before` it reaches the backend, or `after` it took effect and before
   * its caller hears of it. An action that throws is a fault there, one that returns a promise a delay.
   */
  once(operation: BackendOperation, moment: 'before' | 'after', action: () => unknown): void;
}

/**
 * Puts faults before a backend: a read that fails, a commit whose answer is lost, a write that comes in between.
 *
 * @example
 * ```ts
 * import { memoryBackend } from 'tabkeep/stores/memory';
 * import { faultyBackend } from 'tabkeep/testing';
 *
 * const backend = faultyBackend(memoryBackend());
 * backend.once('transact', 'after', () => {
 *   throw new Error('The answer is lost.');
 * });
 * ```
 */
export function faultyBackend(inner: Backend): FaultyBackend {
  return new Faulty(inner);
}

interface Fault {
  readonly operation: BackendOperation;
  readonly moment: 'before' | 'after';
  readonly action: () => unknown;
}

class Faulty implements FaultyBackend {
  readonly calls: Record<BackendOperation, number> = {
    open: 0,
    read: 0,
    transact: 0,
    scan: 0,
    listIds: 0,
    clear: 0,
    close: 0,
  };
  handled = 0;
  readonly #inner: Backend;
  #faults: readonly Fault[] = [];

  constructor(inner: Backend) {
    this.#inner = inner;
  }

  get name(): string {
    return this.#inner.name;
  }

  get capabilities(): Capabilities {
    return this.#inner.capabilities;
  }

  once(operation: BackendOperation, moment: 'before' | 'after', action: () => unknown): void {
    this.#faults = [...this.#faults, { operation, moment, action }];
  }

  open(context: BackendContext): Promise<void> {
    return this.#pass('open', () => this.#inner.open(context));
  }

  read(id: string): Promise<StoredRecord | undefined> {
    this.handled++;
    return this.#pass('read', () => this.#inner.read(id));
  }

  transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result> {
    this.handled += ids.length;
    return this.#pass('transact', () => this.#inner.transact(ids, decide));
  }

  async scan(query: ScanQuery): Promise<ScanPage> {
    const page = await this.#pass('scan', () => this.#inner.scan(query));
    this.handled += page.records.length;
    return page;
  }

  listIds(query: ListIdsQuery): Promise<string[]> {
    return this.#pass('listIds', () => this.#inner.listIds(query));
  }

  clear(retain: (current: readonly StoredRecord[]) => readonly StoredRecord[]): Promise<void> {
    return this.#pass('clear', () => this.#inner.clear(retain));
  }

  close(): Promise<void> {
    return this.#pass('close', () => this.#inner.close());
  }

  async #pass<Result>(operation: BackendOperation, work: () => Promise<Result>): Promise<Result> {
    this.calls[operation]++;
    await this.#strike(operation, 'before');
    const result = await work();
    await this.#strike(operation, 'after');
    return result;
  }

  async #strike(operation: BackendOperation, moment: 'before' | 'after'): Promise<void> {
    const fault = this.#faults.find(
      (each) => each.operation === operation && each.moment === moment,
    );
    if (fault === undefined) return;
    this.#faults = this.#faults.filter((each) => each !== fault);
    await fault.action();
  }
}
