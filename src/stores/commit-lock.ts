/** The lock under which commits are made one after the other, whoever is stopped while holding it. */

import type { Clock } from '../clock.js';
import { SessionError } from '../errors.js';
import type { Milliseconds } from '../session.js';
import { lockError, type LockTable } from './lock-table.js';
import { LockTurn } from './lock-turn.js';
import { LostTurn } from './turn.js';

/** How long a tab waits for a lock whose holder gives no sign of life, and then for its view, before it acts. */
export const patience: Milliseconds = 5000;

/** Begins the name of every lock that says that its holder is at work: the one of commits, signs of life, fences. */
const signsOfLife = /^(?:commit|fence)/;

const name = 'commit';

/** A task that was robbed as often as this gives up. */
const mostTurns = 5;

export interface CommitLockOptions {
  readonly table: LockTable;
  readonly clock: Clock;
  readonly monotonic: () => Milliseconds;
}

type Task<Result> = (turn: LockTurn) => Promise<Result>;

export class CommitLock {
  readonly #options: CommitLockOptions;
  readonly #running = new Map<Promise<unknown>, AbortController>();
  readonly #closed = new AbortController();
  /** Those of this tab that have not ended, perhaps robbed. */
  readonly #turns = new Set<LockTurn>();

  constructor(options: CommitLockOptions) {
    this.#options = options;
  }

  /**
   * Runs a task under the lock, which is stolen from a holder that is stopped. A task that throws {@link LostTurn} has done
   * nothing, and runs again.
   *
   * @throws {@link SessionError} `STORE_BLOCKED` when it is this tab itself that does not come to an end
   * @throws the reason it was closed with
   */
  async run<Result>(mode: LockMode, task: Task<Result>): Promise<Result> {
    // What comes too late, as from work in the background, would leave its locks behind.
    this.#closed.signal.throwIfAborted();
    const closing = new AbortController();
    const running = this.#repeat(mode, task, closing.signal);
    this.#running.set(running, closing);
    return running.finally(() => this.#running.delete(running));
  }

  /** Lets running tasks end, and refuses those that wait or come later. */
  async close(reason: unknown): Promise<void> {
    this.#closed.abort(reason);
    for (const closing of this.#running.values()) closing.abort(reason);
    await Promise.allSettled(this.#running.keys());
  }

  async #repeat<Result>(mode: LockMode, task: Task<Result>, closing: AbortSignal): Promise<Result> {
    for (let turns = 1; ; turns++) {
      try {
        return await this.#take(mode, task, closing);
      } catch (error) {
        if (!(error instanceof LostTurn) || turns === mostTurns) throw error;
        closing.throwIfAborted();
      }
    }
  }

  async #take<Result>(mode: LockMode, task: Task<Result>, closing: AbortSignal): Promise<Result> {
    const waiting = new AbortController();
    const giveUp = (): void => waiting.abort(closing.reason);
    closing.addEventListener('abort', giveUp);
    let isStuck = false;
    const stopWatching = this.#watchHolder((problem) => {
      isStuck = problem === undefined;
      waiting.abort(problem);
    });
    try {
      return await this.#hold({ mode, signal: waiting.signal }, closing, (turn) => {
        stopWatching();
        isStuck = false;
        return task(turn);
      });
    } catch (error) {
      if (!isStuck) throw error;
    } finally {
      stopWatching();
      closing.removeEventListener('abort', giveUp);
    }
    // Those that wait keep their places behind it.
    return this.#hold({ mode: 'exclusive', steal: true }, closing, async (turn) => {
      await turn.outlast();
      return task(turn);
    });
  }

  async #hold<Result>(
    options: LockOptions & { readonly mode: LockMode },
    closing: AbortSignal,
    task: Task<Result>,
  ): Promise<Result> {
    const { table, clock, monotonic } = this.#options;
    const { mode, steal: isStolen = false, signal } = options;
    let turn: LockTurn | undefined;
    let running: Promise<Result> | undefined;
    try {
      await table.request(name, options, () => {
        signal?.throwIfAborted();
        // No two of them are held at once: the one before was robbed, even if that was not told yet.
        for (const other of this.#turns)
          if (mode === 'exclusive' || other.mode === 'exclusive') other.rob();
        turn = new LockTurn({ table, name, mode, isStolen, signal: closing, clock, monotonic });
        this.#turns.add(turn);
        running = task(turn);
        return running;
      });
    } catch (error) {
      // Not every engine refuses an aborted request with the reason that was given.
      if (running === undefined) throw signal?.aborted ? signal.reason : lockError(error);
      turn!.rob();
    }
    // Also when it was robbed of the lock: its task ends by itself, at its next write at the latest.
    return running!.finally(() => {
      turn!.end();
      this.#turns.delete(turn!);
    });
  }

  /**
   * @param onStuck - told once what is wrong, or nothing when somebody else holds the lock without a sign of life
   * @returns stops it
   */
  #watchHolder(onStuck: (problem?: unknown) => void): () => void {
    const { table, clock } = this.#options;
    let isStopped = false;
    let seen: string | undefined;
    let cancel = (): void => {};

    const look = async (): Promise<void> => {
      const [me, locks] = [await table.me(), await table.held()];
      const signs = locks.filter((lock) => signsOfLife.test(lock.name!));
      const now = signs.map((lock) => `${lock.name} ${lock.clientId}`).sort();
      if (isStopped) return;
      if (String(now) !== seen) {
        seen = String(now);
        return arm();
      }
      // A tab that can see this is not stopped; what its task waits for would keep others waiting as well.
      const isOurs = locks.some((lock) => lock.name === name && lock.clientId === me);
      onStuck(isOurs ? blockedError() : undefined);
    };
    const arm = (): void => {
      cancel = clock.after(patience / 2, () => void look().catch(onStuck));
    };
    arm();
    return () => {
      isStopped = true;
      cancel();
    };
  }
}

export function blockedError(): SessionError {
  return new SessionError('STORE_BLOCKED', 'Another tab keeps the store from being used.');
}
