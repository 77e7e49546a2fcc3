/** `tabkeep/stores/cached`: sessions at the speed of memory, no staler than the channel between tabs. */

import type {
  Backend,
  BackendContext,
  Capabilities,
  Decide,
  Decision,
  ListIdsQuery,
  ScanPage,
  ScanQuery,
  StoredRecord,
} from '../backend.js';
import { globalEvents, pageDocument } from '../environment.js';
import { checkMilliseconds } from '../expiry.js';
import { demand } from '../options.js';
import type { Milliseconds } from '../session.js';
import { RecordCache } from './record-cache.js';

/** Options of {@link cachedBackend}. */
export interface CachedBackendOptions {
  /** How many sessions are kept at most; the least recently used goes first. Default: 1,000. */
  readonly maxRecords?: number | undefined;
  /**
   * How long a session is kept at most. It bounds what a lost message costs where none follows, and what is written past
   * the channel: by a store without `sync`, or by another program. Default: 10,000.
   */
  readonly maxAge?: Milliseconds | undefined;
}

/**
 * A {@link Backend} that answers repeated reads of another one from memory. Every commit, listing and scan goes through,
 * so nothing is decided on what is cached: all rules of writing hold as they do without.
 *
 * A read may be as late as the message that tells of the change, and no later; a bare IndexedDB shows it at once. Once a
 * tab was told of a change, or has found it, it reads nothing older, of that session or of any other: whatever shows that
 * the store has moved on empties the cache (R9). What is absent, ended or expired is never answered from memory.
 *
 * Shape:       `name` and `capabilities` are those of the other one
 * Concurrency: caches while the store has a `sync` and the other tabs are all who share the records (`shared: 'origin'`), or nobody does;
 *   in every other case it passes everything on. From `pagehide` or `freeze` until the page is shown again it keeps nothing
 * Durability:  that of the other one
 *
 * @param backend - where the sessions are; an object of its own, not shared with stores that do not cache
 * @throws TypeError, RangeError when an option is not what it should be
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { cachedBackend } from 'tabkeep/stores/cached';
 * import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
 * import { tabSync } from 'tabkeep/sync';
 *
 * const store = await openStore<{ items: string[] }>({
 *   name: 'catalogue',
 *   backend: cachedBackend(indexedDBBackend()),
 *   sync: tabSync(),
 * });
 * const { id } = await store.create({ items: ['tea'] });
 * const session = await store.load(id); // from memory
 * ```
 */
export function cachedBackend(backend: Backend, options: CachedBackendOptions = {}): Backend {
  const { maxRecords = 1000, maxAge = 10_000 } = options;
  demand(typeof backend?.transact === 'function', 'cachedBackend takes a backend');
  demand(typeof maxRecords === 'number', 'maxRecords must be a number');
  const isCount = Number.isSafeInteger(maxRecords) && maxRecords > 0;
  demand(isCount, 'maxRecords must be a whole number of at least 1', RangeError);
  return new CachedBackend(backend, maxRecords, checkMilliseconds('maxAge', maxAge));
}

class CachedBackend implements Backend {
  readonly #inner: Backend;
  readonly #makeCache: (context: BackendContext) => RecordCache;
  readonly #stops: (() => void)[] = [];
  #cache: RecordCache | undefined;
  #users = 0;
  /** Whether some store that uses it hears nothing of other tabs. */
  #isAlone = false;

  constructor(inner: Backend, most: number, maxAge: Milliseconds) {
    this.#inner = inner;
    this.#makeCache = ({ now }) => new RecordCache(most, maxAge, now);
  }

  get name(): string {
    return this.#inner.name;
  }

  get capabilities(): Capabilities {
    return this.#inner.capabilities;
  }

  async open(context: BackendContext): Promise<void> {
    await this.#inner.open({
      ...context,
      onChange: (change) => {
        this.#cache?.forget();
        context.onChange(change);
      },
      onReset: (reset) => {
        this.#cache?.forget();
        context.onReset(reset);
      },
    });
    if (this.#users++ === 0) this.#start(context);
    this.#listen(context);
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const cache = this.#usable();
    if (cache === undefined) return this.#inner.read(id);
    const kept = cache.find(id);
    if (kept !== undefined) return kept;
    const begun = cache.moment;
    return cache.found(id, await this.#inner.read(id), begun);
  }

  async transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result> {
    const cache = this.#usable();
    if (cache === undefined) return this.#inner.transact(ids, decide);
    let last: { begun: number; isNews: boolean; decision?: Decision<Result> } | undefined;
    let isDone = false;
    try {
      const result = await this.#inner.transact(ids, (current) => {
        const run: typeof last = (last = { begun: cache.moment, isNews: false });
        const decision = decide({
          get(id) {
            const record = current.get(id);
            run.isNews ||= !cache.isKnown(id, record);
            return record;
          },
        });
        run.decision = decision;
        return decision;
      });
      isDone = true;
      return result;
    } finally {
      const { begun = -1, isNews = true, decision } = last ?? {};
      const { write = [], remove = [] } = decision ?? {};
      const isIdle = isDone && !isNews && write.length + remove.length === 0;
      // What came of a commit that failed nobody knows.
      if (!isDone) cache.moveOn();
      // Text may come back in another form than it was given.
      else if (!isIdle)
        cache.committed(write, remove, this.capabilities.structuredClone ? begun : -1);
    }
  }

  scan(query: ScanQuery): Promise<ScanPage> {
    return this.#past(() => this.#inner.scan(query));
  }

  listIds(query: ListIdsQuery): Promise<string[]> {
    return this.#past(() => this.#inner.listIds(query));
  }

  clear(retain: (current: readonly StoredRecord[]) => readonly StoredRecord[]): Promise<void> {
    return this.#past(() => this.#inner.clear(retain), true);
  }

  async close(): Promise<void> {
    if (this.#users > 0 && --this.#users === 0) this.#stop();
    await this.#inner.close();
  }

  /** Runs what may show a later moment of the store than the cache does. */
  async #past<Result>(work: () => Promise<Result>, isClearing = false): Promise<Result> {
    try {
      return await work();
    } finally {
      if (isClearing) this.#cache?.forget();
      else this.#cache?.moveOn();
    }
  }

  #usable(): RecordCache | undefined {
    const { shared } = this.capabilities;
    return shared === 'tab' || (shared === 'origin' && !this.#isAlone) ? this.#cache : undefined;
  }

  #start(context: BackendContext): void {
    const cache = this.#makeCache(context);
    this.#cache = cache;
    const listeners = new AbortController();
    const goDeaf = (): void => cache.goDeaf();
    globalEvents()?.addEventListener('pagehide', goDeaf, listeners);
    pageDocument()?.addEventListener('freeze', goDeaf, listeners);
    this.#stops.push(() => listeners.abort());
  }

  #listen({ peers }: BackendContext): void {
    this.#isAlone ||= peers === undefined;
    if (peers === undefined) return;
    this.#stops.push(
      peers.onChanges((changes) => this.#cache?.told(changes)),
      peers.onResync(() => this.#cache?.missed()),
    );
  }

  #stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#cache = undefined;
    this.#isAlone = false;
  }
}
