/** Sessions in IndexedDB: the backend to choose in a browser. */

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
import { checkMilliseconds } from '../expiry.js';
import type { Milliseconds } from '../session.js';
import { EpochWatch } from './epoch.js';
import { GroupCommit } from './group-commit.js';
import { GroupRead } from './group-read.js';
import { Connection } from './indexeddb-connection.js';
import { readEpoch, writeEpoch } from './indexeddb-epoch.js';
import {
  commitBatch,
  getRecords,
  recordsIn,
  replaceAll,
  type WriteDurability,
} from './indexeddb-records.js';
import { listIds, scan } from './indexeddb-scan.js';
import { itemWitness } from './witness.js';

/** Options of {@link indexedDBBackend}. */
export interface IndexedDBBackendOptions {
  /**
   * `relaxed`: a commit survives a killed browser, and the last ones may be lost in a power cut. `strict`: a commit waits
   * for the disk, at two to three times the cost. Default: `relaxed`.
   */
  readonly durability?: 'relaxed' | 'strict' | undefined;
  /** How long opening may take before it counts as failed; above 0. Default: 5,000. */
  readonly openTimeout?: Milliseconds | undefined;
  /** Default: the platform's own. */
  readonly indexedDB?: IDBFactory | undefined;
}

/**
 * A {@link Backend} over IndexedDB, in the database `tabkeep:` + name. All pages and workers of the origin share it.
 *
 * Concurrency: atomic against every tab and worker (R2). Transactions that wait are committed together, reads of one turn
 *   are made together
 * Durability:  a promise resolves on the `complete` of its transaction; what that survives is the option `durability`. A
 *   browser may drop the whole database at once, and a private window drops it when it closes
 * Life cycle:  a connection that was lost is made anew, once for each operation; none is held in the back/forward cache,
 *   nor against a tab that deletes the database. A database that was wiped is told of (R16): its witness from one visit to the
 *   next is an item of localStorage, where there is one and `indexedDB` is not given
 *
 * @throws TypeError, RangeError when an option is not what it should be
 * @see https://w3c.github.io/IndexedDB/
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
 *
 * const store = await openStore<{ items: string[] }>({ name: 'orders', backend: indexedDBBackend() });
 * ```
 */
export function indexedDBBackend(options: IndexedDBBackendOptions = {}): Backend {
  return new IndexedDBBackend(options);
}

/** What there is while the backend is open. */
interface Opened {
  readonly name: string;
  /** Stores of one tab may share a backend; the last one to close it ends it. */
  users: number;
  /** What their stores have given. */
  readonly contexts: BackendContext[];
  readonly connection: Connection;
  readonly commits: GroupCommit;
  readonly reads: GroupRead;
}

class IndexedDBBackend implements Backend {
  readonly name = 'IndexedDB';
  readonly capabilities: Capabilities;
  readonly #durability: WriteDurability;
  readonly #openTimeout: Milliseconds;
  readonly #factory: IDBFactory | undefined;
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;

  constructor({ durability = 'relaxed', openTimeout = 5000, indexedDB }: IndexedDBBackendOptions) {
    if (durability !== 'relaxed' && durability !== 'strict') {
      throw new TypeError("durability must be 'relaxed' or 'strict'.");
    }
    this.#durability = durability;
    this.#openTimeout = checkMilliseconds('openTimeout', openTimeout);
    this.#factory = indexedDB;
    this.capabilities = {
      shared: 'origin',
      atomic: true,
      persistent: true,
      durability,
      structuredClone: true,
    };
  }

  async open(context: BackendContext): Promise<void> {
    const { name } = context;
    if (this.#opened !== undefined && this.#opened.name !== name) {
      throw new SessionError(
        'STORE_UNAVAILABLE',
        'This IndexedDB backend is open under another name.',
      );
    }
    const opened = (this.#opened ??= this.#prepare(name));
    opened.users++;
    opened.contexts.push(context);
    try {
      await opened.connection.use(async () => {});
    } catch (error) {
      if (this.#opened === opened) await this.close();
      throw error;
    }
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return this.#get().reads.read(id);
  }

  async transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result> {
    return this.#get().commits.transact(ids, decide);
  }

  async scan(query: ScanQuery): Promise<ScanPage> {
    return this.#get().connection.use((database) => scan(database, query));
  }

  async listIds(query: ListIdsQuery): Promise<string[]> {
    return this.#get().connection.use((database) => listIds(database, query));
  }

  async clear(
    retain: (current: readonly StoredRecord[]) => readonly StoredRecord[],
  ): Promise<void> {
    const { connection } = this.#get();
    return connection.use((database) => replaceAll(database, this.#durability, retain));
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened !== undefined && --opened.users > 0) return;
    this.#opened = undefined;
    if (opened !== undefined) this.#closing = this.#letGo(opened);
    await this.#closing;
  }

  #prepare(name: string): Opened {
    const contexts: BackendContext[] = [];
    const onError = (error: unknown): void => contexts[0]?.onError(error, { during: 'backend' });
    const connection = new Connection({
      name: `tabkeep:${name}`,
      factory: this.#factory,
      openTimeout: this.#openTimeout,
      greet: this.#greeting(name, contexts, onError),
      onError,
    });
    return {
      name,
      users: 0,
      contexts,
      connection,
      commits: new GroupCommit((batch) =>
        connection.use((database) => commitBatch(database, this.#durability, batch)),
      ),
      reads: new GroupRead((ids) =>
        connection.use((database) => getRecords(recordsIn(database), ids)),
      ),
    };
  }

  /** Meets the database of each new connection, before anything of it is believed (R16). */
  #greeting(
    name: string,
    contexts: readonly BackendContext[],
    onError: (error: unknown) => void,
  ): (database: IDBDatabase) => Promise<void> {
    // A factory of the app's own may keep another set of databases.
    const isPlatforms = this.#factory === undefined;
    const witness = isPlatforms ? itemWitness(`tabkeep:${encodeURIComponent(name)}:`) : undefined;
    const watch = new EpochWatch((reset) => contexts.forEach(({ onReset }) => onReset(reset)));
    return async (database) => {
      // Read first, so that it is never the newer one.
      const witnessed = witness?.read();
      const epoch = await readEpoch(database);
      const news = watch.meet(epoch, watch.known === undefined ? witnessed : undefined);
      if (witnessed !== epoch.id) witness?.write(epoch.id);
      if (news !== undefined) writeEpoch(database, news).catch(onError);
    };
  }

  #get(): Opened {
    if (this.#opened === undefined) {
      throw new SessionError('STORE_CLOSED', 'The IndexedDB backend is not open.');
    }
    return this.#opened;
  }

  async #letGo({ commits, connection }: Opened): Promise<void> {
    await commits.idle();
    connection.close();
  }
}
