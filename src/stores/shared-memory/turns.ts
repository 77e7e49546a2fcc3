/** Tabs that share memory take turns, and only while their pages are shown. */

import type { Clock } from '../../clock.js';
import { SessionError } from '../../errors.js';
import type { Milliseconds } from '../../session.js';
import { turnName } from './locks.js';
import { lockError, type LockTable } from '../lock-table.js';

/**
 * A turn in which nothing happens that others can see is taken away after this time, or twice as long: its page was frozen,
 * or its process stopped. Whoever has lost it finds out before it says that its commit was made.
 */
export const longestTurn: Milliseconds = 2500;

/** As long as it lasts nobody else commits. */
export interface Turn {
  /** Set once it is known to be over, although its task is not. */
  isOver: boolean;
}

/** Thrown by a task that has told nobody anything yet: it is run again, in another turn. */
export const interrupted: SessionError = new SessionError(
  'STORE_BLOCKED',
  'The turn of this tab is over.',
);

export class GroupTurns {
  readonly #table: LockTable;
  readonly #clock: Clock;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  /** Ends the turn that this tab has, or waits for. */
  #leave = new AbortController();
  #shown: Promise<void> = Promise.resolve();
  #show = (): void => {};

  constructor(table: LockTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  /** Runs a task while nobody else has a turn; those of this tab one after the other, also where one was robbed. */
  take<Result>(task: (turn: Turn) => Promise<Result>): Promise<Result> {
    const taken = this.#after(this.#last, task);
    this.#last = taken.catch(() => {});
    return taken;
  }

  /** Gives up the turn, and the place in the line: a page that is put away must not hold up others. */
  hide(): void {
    this.#shown = new Promise((resolve) => {
      this.#show = resolve;
    });
    this.#leave.abort(interrupted);
  }

  show(): void {
    this.#show();
  }

  /** Refuses what waits. Settles when nothing runs any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#leave.abort(interrupted);
    this.#show();
    await this.#last;
  }

  async #after<Result>(
    before: Promise<unknown>,
    task: (turn: Turn) => Promise<Result>,
  ): Promise<Result> {
    await before;
    for (;;) {
      await this.#shown;
      if (this.#isClosed) throw closedError();
      try {
        return await this.#request(task);
      } catch (error) {
        if (error !== interrupted) throw error;
      }
    }
  }

  async #request<Result>(task: (turn: Turn) => Promise<Result>): Promise<Result> {
    const turn: Turn = { isOver: false };
    let running: Promise<Result> | undefined;
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const left = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
    });
    const stopWatching = this.#watch();
    try {
      await this.#table.request(turnName, { signal }, () => {
        stopWatching();
        running = task(turn);
        return Promise.race([running, left]);
      });
    } catch (error) {
      // Not every engine refuses an aborted request with the reason that was given.
      if (running === undefined) throw signal.aborted ? signal.reason : lockError(error);
    } finally {
      stopWatching();
      turn.isOver = true;
    }
    return running!;
  }

  /** Robs whoever stands in the way without moving; those that wait keep their places. @returns stops it */
  #watch(): () => void {
    let isStopped = false;
    let cancel = (): void => {};
    let seen: string | undefined;

    const look = async (): Promise<void> => {
      const held = (await this.#table.held()).map(({ name, clientId }) => `${name} ${clientId}`);
      const isTaken = held.some((lock) => lock.startsWith(`${turnName} `));
      const now = isTaken ? held.sort().join() : undefined;
      if (isStopped) return;
      if (now !== undefined && now === seen) await this.#table.steal(turnName);
      seen = now;
      if (!isStopped) arm();
    };
    // What fails here fails for the request as well, which tells of it.
    const arm = (): void => {
      cancel = this.#clock.after(longestTurn, () => void look().catch(() => {}));
    };
    arm();
    return () => {
      isStopped = true;
      cancel();
    };
  }
}

function closedError(): SessionError {
  return new SessionError('STORE_CLOSED', 'The memory backend is closed.');
}
