/** A {@link Backend} over memory: this tab's own, or one that it shares with others. */

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
import type { Clock } from '../clock.js';
import { SessionError } from '../errors.js';
import { GroupCommit, type Batch } from './group-commit.js';
import type { MemoryRecords, RecordChanges } from './memory-records.js';
import { Replica } from './replica.js';
import type { SharedMemory } from './shared-memory/shared-memory.js';

export interface MemoryInternals {
  readonly maxSessions?: number | undefined;
  readonly locks: () => LockManager | undefined;
  readonly clock: Clock;
  /** Where `pagehide` and `pageshow` arrive. */
  readonly page: () => EventTarget | undefined;
}

/** What there is while the backend is open. */
interface Opened {
  readonly name: string;
  readonly replica: Replica;
  readonly shared: Promise<SharedMemory | undefined>;
  users: number;
  /** What the stores that share the backend have given. */
  readonly contexts: BackendContext[];
}

export class MemoryBackend implements Backend {
  readonly name = 'memory';
  readonly #internals: MemoryInternals;
  readonly #commits = new GroupCommit((batch) => this.#commit(batch));
  /** Of each name that it was ever opened under. */
  readonly #replicas = new Map<string, Replica>();
  /** Stores of one tab may share a backend; the last one to close it ends it. */
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;
  #isShared = false;

  constructor(internals: MemoryInternals) {
    this.#internals = internals;
  }

  get capabilities(): Capabilities {
    return {
      shared: this.#isShared ? 'origin' : 'tab',
      atomic: true,
      persistent: false,
      durability: 'none',
      structuredClone: true,
    };
  }

  async open(context: BackendContext): Promise<void> {
    const { name } = context;
    while (this.#closing !== undefined) await this.#closing.catch(() => {});
    if (this.#opened !== undefined && this.#opened.name !== name) {
      const text = 'This memory backend is open under another name.';
      throw new SessionError('STORE_UNAVAILABLE', text);
    }
    const opened = (this.#opened ??= this.#start(context));
    opened.users++;
    opened.contexts.push(context);
    await opened.shared;
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const records = await this.#records();
    records.use(id);
    return records.get(id);
  }

  async transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result> {
    this.#use();
    return this.#commits.transact(ids, decide);
  }

  async scan(query: ScanQuery): Promise<ScanPage> {
    return (await this.#records()).scan(query);
  }

  async listIds(query: ListIdsQuery): Promise<string[]> {
    return (await this.#records()).listIds(query);
  }

  async clear(
    retain: (current: readonly StoredRecord[]) => readonly StoredRecord[],
  ): Promise<void> {
    this.#use();
    await this.#change((records) => {
      const before = records.all();
      const changes = new Map<string, StoredRecord | undefined>();
      for (const { id } of before) changes.set(id, undefined);
      for (const record of retain(before)) changes.set(record.id, record);
      return changes;
    });
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened !== undefined && --opened.users === 0) {
      this.#closing = this.#end(opened).finally(() => {
        this.#closing = undefined;
      });
    }
    await this.#closing;
  }

  #start(context: BackendContext): Opened {
    const { name } = context;
    const replica = this.#replicas.get(name) ?? new Replica();
    this.#replicas.set(name, replica);
    const contexts: BackendContext[] = [];
    return { name, replica, shared: this.#share(context, replica, contexts), users: 0, contexts };
  }

  /** @returns `undefined` where it cannot be shared, or fails: this is where those end up who have nothing else */
  async #share(
    context: BackendContext,
    replica: Replica,
    contexts: readonly BackendContext[],
  ): Promise<SharedMemory | undefined> {
    const { name, peers, onError } = context;
    const { clock, page } = this.#internals;
    const report = (error: unknown): void => onError(error, { during: 'backend' });
    let shared: SharedMemory | undefined;
    try {
      const locks = this.#internals.locks();
      const openChannel = peers?.openChannel;
      if (locks === undefined || openChannel === undefined) {
        replica.goOnAlone();
        return undefined;
      }
      // Fetched only where there is somebody to share with: most have this backend for the case that never comes.
      const module = await import('./shared-memory/shared-memory.js');
      shared = new module.SharedMemory({
        name,
        replica,
        locks,
        openChannel,
        clock,
        page: page(),
        onError: report,
        onReset: (reset) => contexts.forEach(({ onReset }) => onReset(reset)),
      });
      await shared.records();
      this.#isShared = true;
      return shared;
    } catch (error) {
      report(error);
      await shared?.close().catch(report);
      replica.goOnAlone();
      return undefined;
    }
  }

  async #end(opened: Opened): Promise<void> {
    await opened.shared;
    await this.#commits.idle();
    this.#opened = undefined;
    this.#isShared = false;
    await (await opened.shared)?.close();
  }

  #commit(batch: Batch): Promise<void> {
    return this.#change((records) => batch.decide(records).records);
  }

  async #change(decide: (records: MemoryRecords) => RecordChanges): Promise<void> {
    // Also for transactions that were begun before it was closed.
    const { replica, shared } = this.#opened!;
    const { maxSessions = Infinity } = this.#internals;
    const limited = (records: MemoryRecords): RecordChanges =>
      records.limit(decide(records), maxSessions);
    const memory = await shared;
    if (memory === undefined) replica.records.apply(limited(replica.records));
    else await memory.commit(limited);
  }

  async #records(): Promise<MemoryRecords> {
    const { replica, shared } = this.#use();
    const memory = await shared;
    return memory === undefined ? replica.records : memory.records();
  }

  #use(): Opened {
    if (this.#opened !== undefined && this.#opened.users > 0) return this.#opened;
    throw new SessionError('STORE_CLOSED', 'The memory backend is not open.');
  }
}
