/** A {@link Backend} over any storage of keys and texts: what localStorage and localForage have in common. */

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
import { systemClock, type Clock } from '../clock.js';
import type { Codec } from '../codec.js';
import { globalEvents } from '../environment.js';
import { isSessionError, SessionError } from '../errors.js';
import type { Milliseconds } from '../session.js';
import { EpochKey } from './epoch-key.js';
import type { Witness } from './epoch.js';
import { LockFence, patience, type Fence } from './fence.js';
import { GroupCommit } from './group-commit.js';
import { JournaledStore, type KeyValue } from './journaled-store.js';
import { KeyValueRecords } from './key-value-records.js';
import { listPage, scanPage } from './record-pages.js';
import { TabFence } from './tab-fence.js';

/** A storage that was found to be there. */
export interface FoundStorage {
  readonly keyValue: KeyValue;
  /** Tells it from other storages of the origin, whose records may bear the same names. */
  readonly area: string;
  /** Remembers in another storage that this one was there (R16). */
  readonly witness?: ((prefix: string, area: string) => Witness) | undefined;
}

export interface KeyValueBackendOptions {
  readonly name: string;
  readonly capabilities: () => Capabilities;
  /** @throws {@link SessionError} `STORE_UNAVAILABLE` */
  readonly find: () => Promise<FoundStorage>;
  readonly locks: () => LockManager | undefined;
  /** Absent: superjson, loaded when there is something to encode or decode. */
  readonly codec?: Codec | undefined;
  readonly clock?: Clock | undefined;
  /** Time that cannot be set. Default: that of the system. */
  readonly monotonic?: (() => Milliseconds) | undefined;
}

/** What there is while the backend is open. */
interface Parts {
  readonly fence: Fence;
  readonly store: JournaledStore;
  readonly records: KeyValueRecords;
  readonly commits: GroupCommit;
  /** Settles when a look that was under way is over. */
  readonly stopLooking: () => Promise<void>;
}

interface Opened {
  readonly name: string;
  /** What the stores that share the backend have given; the last one of them to close it ends it. */
  readonly contexts: BackendContext[];
  users: number;
  readonly parts: Promise<Parts>;
}

export class KeyValueBackend implements Backend {
  readonly name: string;
  readonly #options: KeyValueBackendOptions;
  readonly #clock: Clock;
  #codec: Promise<Codec> | undefined;
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: KeyValueBackendOptions) {
    const { name, codec, clock = systemClock } = options;
    this.name = name;
    this.#options = options;
    this.#clock = clock;
    if (codec !== undefined) this.#codec = Promise.resolve(codec);
  }

  get capabilities(): Capabilities {
    return this.#options.capabilities();
  }

  async open(context: BackendContext): Promise<void> {
    const { name } = context;
    const opened = (this.#opened ??= this.#begin(context));
    if (opened.name !== name) {
      const text = `This ${this.name} backend is open under another name.`;
      throw new SessionError('STORE_UNAVAILABLE', text);
    }
    opened.users++;
    opened.contexts.push(context);
    try {
      await opened.parts;
    } catch (error) {
      if (this.#opened === opened) this.#opened = undefined;
      throw error;
    }
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const { records } = await this.#use();
    return records.read(id);
  }

  async transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result> {
    const { commits } = await this.#use();
    return commits.transact(ids, decide);
  }

  async scan(query: ScanQuery): Promise<ScanPage> {
    const { records: all, store } = await this.#use();
    // Who moves everything asks for what there is, and misses nothing.
    if (query.by !== 'id') await store.look();
    const { records, unreadable } = await all.readAll();
    return scanPage(query, records, unreadable);
  }

  async listIds(query: ListIdsQuery): Promise<string[]> {
    const { records: all, store } = await this.#use();
    await store.look();
    const { records } = await all.readAll();
    return listPage(query, records);
  }

  async clear(
    retain: (current: readonly StoredRecord[]) => readonly StoredRecord[],
  ): Promise<void> {
    const { records } = await this.#use();
    await records.clear(retain);
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (opened !== undefined && --opened.users === 0) {
      this.#opened = undefined;
      this.#closing = letGo(opened.parts);
    }
    await this.#closing;
  }

  #begin(context: BackendContext): Opened {
    const contexts: BackendContext[] = [];
    return { name: context.name, contexts, users: 0, parts: this.#start(context, contexts) };
  }

  async #start(
    { name, onError, peers }: BackendContext,
    contexts: readonly BackendContext[],
  ): Promise<Parts> {
    const report = (error: unknown): void => {
      if (!isSessionError(error, 'STORE_CLOSED')) onError(error, { during: 'backend' });
    };
    const { keyValue, area, witness } = await this.#find();
    const prefix = `tabkeep:${encodeURIComponent(name)}:`;
    let isOver = false;
    let looking: Promise<unknown> | undefined;
    const look = (): void => {
      if (!isOver) looking = Promise.all([looking, store.look().catch(report)]);
    };
    const store = new JournaledStore({
      keyValue,
      prefix,
      fence: (shown) => this.#newFence(prefix + area, shown),
      epoch: new EpochKey({
        witness: witness?.(prefix, area),
        tell: (reset) => contexts.forEach(({ onReset }) => onReset(reset)),
        clock: this.#clock,
        lookAgain: look,
      }),
      onError: report,
    });
    try {
      await this.#inTime(store.probe());
      await store.recover();
    } catch (error) {
      await store.fence.close();
      throw error;
    }
    store.fence.attend().catch(report);
    const stops = [onWipe(store.epochKey, look), peers?.onResync(look)];
    const stopLooking = async (): Promise<void> => {
      isOver = true;
      stops.forEach((stop) => stop?.());
      await looking;
    };
    const records = new KeyValueRecords(store, () => this.#loadCodec());
    const commits = new GroupCommit((batch) => records.commit(batch));
    return { fence: store.fence, store, records, commits, stopLooking };
  }

  async #find(): Promise<FoundStorage> {
    try {
      return await this.#inTime(this.#options.find());
    } catch (cause) {
      if (isSessionError(cause)) throw cause;
      throw new SessionError('STORE_UNAVAILABLE', 'The storage cannot be used.', { cause });
    }
  }

  #newFence(prefix: string, shown: () => Promise<number>): Fence {
    const locks = this.#options.locks();
    if (locks === undefined) return new TabFence(prefix, shown);
    const { monotonic } = this.#options;
    return new LockFence({ locks, prefix: `${prefix}:`, shown, clock: this.#clock, monotonic });
  }

  /** localForage may wait for its database as long as there is one. */
  #inTime<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(patience, () => {
        reject(new SessionError('STORE_UNAVAILABLE', 'The storage does not answer.'));
      });
      work.then(resolve, reject).finally(cancel);
    });
  }

  #use(): Promise<Parts> {
    if (this.#opened !== undefined) return this.#opened.parts;
    throw new SessionError('STORE_CLOSED', `The ${this.name} backend is not open.`);
  }

  /** An app that brings its own codec never loads superjson. */
  #loadCodec(): Promise<Codec> {
    this.#codec ??= loadSuperjson().catch((error: unknown) => {
      this.#codec = undefined;
      throw error;
    });
    return this.#codec;
  }
}

/** Settles also where opening has failed: that was told to whoever opened. */
async function letGo(opening: Promise<Parts>): Promise<void> {
  const parts = await opening.catch(() => undefined);
  const looked = parts?.stopLooking();
  await parts?.commits.idle();
  await parts?.fence.close();
  // It may have been on its way to the lock.
  await looked;
  parts?.fence.abandon();
}

/**
 * Calls back when the key was changed by another tab, or all of localStorage was cleared; and when a page comes out of the
 * back/forward cache, where it hears of nothing. @returns stops it
 */
function onWipe(key: string, callback: () => void): () => void {
  const listeners = new AbortController();
  const { signal } = listeners;
  const events = globalEvents();
  const listen = (type: string, isMeant: (event: Event) => boolean): void =>
    events?.addEventListener(type, (event) => isMeant(event) && callback(), { signal });
  listen('storage', (event) => {
    const changed = (event as StorageEvent).key;
    // localForage puts something of its own before each key.
    return changed === null || changed.endsWith(key);
  });
  listen('pageshow', (event) => (event as PageTransitionEvent).persisted);
  return () => listeners.abort();
}

async function loadSuperjson(): Promise<Codec> {
  try {
    const { superjsonCodec } = await import('../codecs/superjson.js');
    return superjsonCodec();
  } catch (cause) {
    throw new SessionError('STORE_UNAVAILABLE', 'The codec cannot be loaded.', { cause });
  }
}
