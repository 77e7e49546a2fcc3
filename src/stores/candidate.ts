/** One backend of a list that is tried. */

import type { Backend, BackendContext, StoreReset } from '../backend.js';
import type { Clock } from '../clock.js';
import { SessionError } from '../errors.js';
import type { Milliseconds } from '../session.js';
import { movesId, movesOf, ownRecord, probeId } from './moving.js';

/** Opens and closes a backend within a bounded time, even where the backend itself never settles. */
export class Candidate {
  readonly backend: Backend;
  readonly #limit: Milliseconds;
  readonly #clock: Clock;
  #opening: Promise<void> | undefined;
  #tell: ((reset: StoreReset) => void) | undefined;
  /** Until it is used, also in a later attempt: the backend tells of it once. */
  #untold: { readonly name: string; readonly reset: StoreReset } | undefined;

  constructor(backend: Backend, limit: Milliseconds, clock: Clock) {
    this.backend = backend;
    this.#limit = limit;
    this.#clock = clock;
  }

  /** @throws what the backend throws; {@link SessionError} `TIMED_OUT` */
  async open(context: BackendContext): Promise<void> {
    // A second attempt beside one that may still succeed could not be told from it, and would be closed with it.
    if (this.#opening !== undefined) throw this.#timedOut();
    const opening = this.backend.open({
      ...context,
      onReset: (reset) => this.#onReset(context.name, reset),
    });
    this.#opening = opening;
    try {
      await this.inTime(opening);
      this.#opening = undefined;
    } catch (error) {
      void this.#abandon(opening, context);
      throw error;
    }
  }

  /**
   * Opens it and writes a record, since a browser may open a storage that then takes no writes.
   *
   * @returns how often records have moved up from here
   */
  async openToWrite(context: BackendContext): Promise<number> {
    await this.open(context);
    try {
      return await this.inTime(probe(this.backend, context));
    } catch (error) {
      await this.close(context);
      throw error;
    }
  }

  /** From now on, until it is closed, it concerns somebody that the backend was wiped (R16). */
  use(name: string | undefined, tell: (reset: StoreReset) => void): void {
    this.#tell = tell;
    const untold = this.#untold;
    this.#untold = undefined;
    if (untold !== undefined && untold.name === name) tell(untold.reset);
  }

  #onReset(name: string, reset: StoreReset): void {
    if (this.#tell === undefined) this.#untold = { name, reset };
    else this.#tell(reset);
  }

  /** Never throws: what fails is reported. */
  async close({ onError }: BackendContext): Promise<void> {
    this.#tell = undefined;
    try {
      await this.inTime(this.backend.close());
    } catch (error) {
      onError(error, { during: 'close' });
    }
  }

  async #abandon(opening: Promise<void>, context: BackendContext): Promise<void> {
    try {
      await opening;
      await this.close(context);
    } catch {
      // Told already, when it was given up.
    } finally {
      this.#opening = undefined;
    }
  }

  /** @throws what the work throws; {@link SessionError} `TIMED_OUT` */
  inTime<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(this.#limit, () => reject(this.#timedOut()));
      work.then(resolve, reject).finally(cancel);
    });
  }

  #timedOut(): SessionError {
    return new SessionError(
      'TIMED_OUT',
      `${this.backend.name} did not answer within ${this.#limit} ms.`,
    );
  }
}

async function probe(backend: Backend, { now }: BackendContext): Promise<number> {
  const moves = await backend.transact([probeId, movesId], (current) => ({
    write: [ownRecord(probeId, 1, now())],
    result: movesOf(current.get(movesId)),
  }));
  await backend.transact([probeId], () => ({ remove: [probeId], result: undefined }));
  return moves;
}

/**
 * Opens the first of them that takes writes and that `use` accepts.
 *
 * @returns why the ones before it did not do
 * @throws {@link SessionError} `STORE_UNAVAILABLE`, its cause an AggregateError of every reason
 */
export async function useFirst(
  candidates: readonly Candidate[],
  context: BackendContext,
  use: (candidate: Candidate, moves: number) => Promise<void>,
): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  for (const candidate of candidates) {
    try {
      await use(candidate, await candidate.openToWrite(context));
      return failures;
    } catch (error) {
      failures.push(error);
    }
  }
  const cause = new AggregateError(failures);
  throw new SessionError('STORE_UNAVAILABLE', 'None of the backends can be used.', { cause });
}
