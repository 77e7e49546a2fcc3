/**
 * Group commit: all transactions that wait are run in one transaction of the storage below, each seeing what the ones
 * before it decided. It is what makes many concurrent writes as cheap as one.
 */

import type { CurrentRecords, Decide, StoredRecord } from '../backend.js';
import { isSessionError } from '../errors.js';
import { changedIds } from './decision.js';

interface Job {
  readonly ids: readonly string[];
  readonly decide: Decide<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** What a batch wants to have changed; `undefined` means: remove. */
export interface BatchChanges {
  readonly records: ReadonlyMap<string, StoredRecord | undefined>;
  /** Whether some transaction changed more than one record, so that a crash must not come between them (R10). */
  readonly linked: boolean;
}

/** The transactions that are run together. */
export class Batch {
  readonly ids: ReadonlySet<string>;
  readonly #jobs: readonly Job[];
  #outcomes: readonly Outcome[] = [];

  constructor(jobs: readonly Job[]) {
    this.#jobs = jobs;
    this.ids = new Set(jobs.flatMap((job) => job.ids));
  }

  /**
   * Runs every decide function, each over the changes of the ones before it. May be called again, on a new connection.
   *
   * @param stored - the committed records of {@link ids}; its `get` throws for one that cannot be read
   */
  decide(stored: CurrentRecords): BatchChanges {
    const records = new Map<string, StoredRecord | undefined>();
    const overlay: CurrentRecords = {
      get: (id) => (records.has(id) ? records.get(id) : stored.get(id)),
    };
    let linked = false;
    this.#outcomes = this.#jobs.map(({ ids, decide }) => {
      try {
        const decision = decide(overlay);
        const changed = changedIds(ids, decision);
        const { write = [], remove = [], result } = decision;
        for (const record of write) records.set(record.id, record);
        for (const id of remove) records.set(id, undefined);
        linked ||= changed.length > 1;
        return { result };
      } catch (error) {
        return { error };
      }
    });
    return { records, linked };
  }

  /** Tells each caller its own outcome: what it was refused for is only true once the batch is committed. */
  settle(): void {
    this.#jobs.forEach(({ resolve, reject }, i) => {
      const outcome = this.#outcomes[i]!;
      if ('error' in outcome) reject(outcome.error);
      else resolve(outcome.result);
    });
  }

  fail(error: unknown): void {
    for (const { reject } of this.#jobs) reject(error);
  }

  /** The same transactions one by one, so that the one that cannot be written does not take the others with it. */
  split(): Batch[] {
    return this.#jobs.length > 1 ? this.#jobs.map((job) => new Batch([job])) : [];
  }
}

/**
 * A queue of transactions over a storage that can commit one {@link Batch} at a time.
 */
export class GroupCommit {
  readonly #commit: (batch: Batch) => Promise<void>;
  #waiting: Job[] = [];
  #running: Promise<void> | undefined;

  /** @param commit - reads, calls `batch.decide`, writes, and settles when that is durable; throws if nothing was written */
  constructor(commit: (batch: Batch) => Promise<void>) {
    this.#commit = commit;
  }

  transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ ids, decide, resolve: resolve as Job['resolve'], reject });
      this.#running ??= this.#run();
    });
  }

  /** Settles when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // whoever calls in this same turn joins the first batch
    while (this.#waiting.length > 0) {
      const jobs = this.#waiting;
      this.#waiting = [];
      await this.#attempt(new Batch(jobs));
    }
    this.#running = undefined;
  }

  async #attempt(batch: Batch): Promise<void> {
    try {
      await this.#commit(batch);
    } catch (error) {
      // Too large, or not to be encoded: that is the fault of one of them. Anything else would meet each of them again.
      const oneIsToBlame =
        isSessionError(error, 'QUOTA_EXCEEDED') || isSessionError(error, 'ENCODE_FAILED');
      const parts = oneIsToBlame ? batch.split() : [];
      if (parts.length === 0) batch.fail(error);
      for (const part of parts) await this.#attempt(part);
      return;
    }
    batch.settle();
  }
}
