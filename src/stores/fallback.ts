/** `tabkeep/stores/fallback`: the first backend of a list that works, and a way back up. */

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
import { SessionError } from '../errors.js';
import { checkMilliseconds } from '../expiry.js';
import type { EpochMilliseconds, Milliseconds } from '../session.js';
import { Candidate, useFirst } from './candidate.js';
import { isOwn, movesId, movesOf, moveUp } from './moving.js';

/** Options of {@link fallbackBackend}. */
export interface FallbackOptions {
  /** How long a backend may take to open, and again to take its first write; default 10 seconds. */
  readonly openTimeout?: Milliseconds | undefined;
  /** How often at most a better backend is tried again; default one minute. It is tried after an operation. */
  readonly retryEvery?: Milliseconds | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * The first {@link Backend} of a list, best first, that opens and takes a real write. `openStore` makes one of a list by
 * itself.
 *
 * Which one it is, when it is not the first, is told as a `backend` event. One that fails later is not given up for a
 * worse one, where its records would look absent: its operations throw (R8). When a better one works again, at the next
 * visit or on a later try, all records move up with their versions, tombstones and slots; where both have one, the newer
 * stays. No crash loses a record.
 *
 * Shape:       `name` and `capabilities` are those of the backend in use; before `open`, of the first
 * Concurrency: as the backend in use says; several stores of one name may share it. Operations wait while records move. A tab that still works on the worse backend
 *   notices, and moves up itself; where the better one does not open for it, its operations throw `STORE_UNAVAILABLE`
 *
 * @throws TypeError when the list is empty
 * @throws RangeError when a time is not above 0 and at most 2^53 − 1
 */
export function fallbackBackend(
  backends: readonly Backend[],
  options: FallbackOptions = {},
): Backend {
  const { openTimeout = 10_000, retryEvery = 60_000, clock = systemClock } = options;
  checkMilliseconds('openTimeout', openTimeout);
  checkMilliseconds('retryEvery', retryEvery);
  return new FallbackBackend(
    backends.map((backend) => new Candidate(backend, openTimeout, clock)),
    retryEvery,
  );
}

class FallbackBackend implements Backend {
  /** Best first. */
  readonly #candidates: readonly Candidate[];
  readonly #retryEvery: Milliseconds;
  readonly #running = new Set<Promise<unknown>>();
  readonly #movedAway = new Error('Another tab has moved the records to a better backend.');
  /** That of the first store that opened it; others may share it. */
  #context: BackendContext | undefined;
  /** Those of all its stores. */
  #contexts: BackendContext[] = [];
  #users = 0;
  #opening: Promise<void> | undefined;
  #active: Candidate;
  #better: readonly Candidate[] = [];
  /** How often records had moved up from the backend in use when it was opened. */
  #moves = 0;
  #nextTry: EpochMilliseconds = Infinity;
  #trying: Promise<unknown> | undefined;
  #moving: Promise<void> | undefined;

  constructor(candidates: readonly Candidate[], retryEvery: Milliseconds) {
    const [best] = candidates;
    if (best === undefined) throw new TypeError('fallbackBackend takes at least one backend.');
    this.#candidates = candidates;
    this.#retryEvery = retryEvery;
    this.#active = best;
  }

  get name(): string {
    return this.#active.backend.name;
  }

  get capabilities(): Capabilities {
    return this.#active.backend.capabilities;
  }

  async open(context: BackendContext): Promise<void> {
    this.#context ??= context;
    if (this.#context.name !== context.name) {
      throw new SessionError('STORE_UNAVAILABLE', 'This fallback is open under another name.');
    }
    this.#users++;
    this.#contexts.push(context);
    this.#opening ??= this.#openFirst(context);
    try {
      await this.#opening;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  read(id: string): Promise<StoredRecord | undefined> {
    return this.#look((backend) => backend.read(id));
  }

  scan(query: ScanQuery): Promise<ScanPage> {
    return this.#look(async (backend) => {
      const page = await backend.scan(query);
      return { ...page, records: page.records.filter((record) => !isOwn(record)) };
    });
  }

  listIds(query: ListIdsQuery): Promise<string[]> {
    return this.#look((backend) => backend.listIds(query));
  }

  transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result> {
    return this.#run((backend) => {
      if (this.#better.length === 0) return backend.transact(ids, decide);
      return backend.transact([...ids, movesId], (current) => {
        this.#checkMoves(current.get(movesId));
        return decide(current);
      });
    });
  }

  clear(retain: (current: readonly StoredRecord[]) => readonly StoredRecord[]): Promise<void> {
    return this.#run((backend) =>
      backend.clear((current) => {
        const own = current.filter(isOwn);
        this.#checkMoves(own.find(({ id }) => id === movesId));
        return [...retain(current.filter((record) => !isOwn(record))), ...own];
      }),
    );
  }

  async close(): Promise<void> {
    const context = this.#leave();
    if (context === undefined) return;
    await this.#moving?.catch(() => {});
    await this.#active.close(context);
  }

  /** @returns what the last user leaves to be closed */
  #leave(): BackendContext | undefined {
    if (this.#users === 0 || --this.#users > 0) return undefined;
    const context = this.#context;
    this.#context = undefined;
    this.#contexts = [];
    this.#opening = undefined;
    return context;
  }

  async #openFirst(context: BackendContext): Promise<void> {
    const failures = await useFirst(this.#candidates, context, async (candidate, moves) =>
      this.#use(candidate, moves),
    );
    this.#nextTry = context.now() + this.#retryEvery;
    await this.#fetchStranded(context);
    if (failures.length === 0) return;
    const reason = new AggregateError(failures, 'The better backends cannot be used.');
    context.onChange({ name: this.name, previous: null, reason });
  }

  #use(candidate: Candidate, moves: number): void {
    this.#active = candidate;
    this.#better = this.#candidates.slice(0, this.#candidates.indexOf(candidate));
    this.#moves = moves;
    candidate.use(this.#context?.name, (reset) =>
      this.#contexts.forEach(({ onReset }) => onReset(reset)),
    );
  }

  /** Moves up what an earlier visit, or another tab, had to leave in a worse backend. */
  async #fetchStranded(context: BackendContext): Promise<void> {
    for (const worse of this.#candidates.slice(this.#better.length + 1)) {
      if (!worse.backend.capabilities.persistent) continue;
      try {
        await worse.open(context);
      } catch {
        continue; // no failure: a storage that does not exist here has nothing to bring
      }
      try {
        await moveUp(worse.backend, this.#active.backend, context);
      } catch (error) {
        context.onError(error, { during: 'backend' });
      }
      await worse.close(context);
    }
  }

  /** Runs an operation; once more on a better backend where another tab has moved the records to it. */
  async #run<Result>(operation: (backend: Backend) => Promise<Result>): Promise<Result> {
    for (;;) {
      while (this.#moving !== undefined) await this.#moving.catch(() => {});
      const running = operation(this.#active.backend);
      this.#running.add(running);
      try {
        return await running;
      } catch (error) {
        if (error !== this.#movedAway) throw error;
      } finally {
        this.#running.delete(running);
        this.#retryWhenDue();
      }
      await this.#tryBetter();
    }
  }

  /** An operation that only reads. What it did not find may have been taken away, so that is asked afterwards (R8). */
  #look<Result>(operation: (backend: Backend) => Promise<Result>): Promise<Result> {
    return this.#run(async (backend) => {
      const result = await operation(backend);
      if (this.#better.length > 0) this.#checkMoves(await backend.read(movesId));
      return result;
    });
  }

  #checkMoves(record: StoredRecord | undefined): void {
    if (this.#better.length > 0 && movesOf(record) !== this.#moves) throw this.#movedAway;
  }

  #retryWhenDue(): void {
    const context = this.#context;
    if (this.#better.length === 0 || context === undefined || context.now() < this.#nextTry) return;
    // That the better backends cannot be used is known; a move that fails is reported where it does.
    this.#tryBetter().catch(() => {});
  }

  /** @throws {@link SessionError} `STORE_UNAVAILABLE` when none of the better ones can be used yet; `STORE_CLOSED` */
  async #tryBetter(): Promise<void> {
    const context = this.#context;
    if (context === undefined) throw closedError();
    this.#nextTry = context.now() + this.#retryEvery;
    this.#trying ??= useFirst(this.#better, context, async (better, moves) => {
      this.#moving = this.#moveTo(better, moves, context).finally(() => {
        this.#moving = undefined;
      });
      await this.#moving;
    }).finally(() => {
      this.#trying = undefined;
    });
    await this.#trying;
  }

  /** Moves everything to a better backend, while operations that come wait. */
  async #moveTo(better: Candidate, moves: number, context: BackendContext): Promise<void> {
    const worse = this.#active;
    try {
      await worse.inTime(Promise.allSettled(this.#running));
      if (this.#context !== context) throw closedError();
      await moveUp(worse.backend, better.backend, context);
    } catch (error) {
      await better.close(context);
      if (this.#context === context) context.onError(error, { during: 'backend' });
      throw error;
    }
    this.#use(better, moves);
    await worse.close(context);
    this.#contexts.forEach(({ onChange }) =>
      onChange({
        name: better.backend.name,
        previous: worse.backend.name,
        reason: undefined,
      }),
    );
  }
}

function closedError(): SessionError {
  return new SessionError('STORE_CLOSED', 'The store is closed.');
}
