/**
 * One commit after the other, each on a view of storage that shows the one before.
 *
 * A Web Lock alone does not do. Every process of a browser has its own copy of localStorage, and changes reach the others
 * later than the lock does: increments by six tabs under one exclusive lock lost 170 to 547 of 1,200. So whoever commits
 * number N holds a lock that is named after N, its fence, and the next one waits until its own view shows N.
 * https://html.spec.whatwg.org/multipage/webstorage.html#introduction-16 (no locking between processes)
 *
 * A fence dies with its tab. That an older one may never pass for the newest, each commit steals those that stand, before
 * it writes: a fence is that of the last commit, or there is none, and the last writer is gone. Nothing then says what is
 * still on its way, so the view is given time to settle. What is stolen guards nothing: its holder is not at work.
 */

import type { Clock } from '../clock.js';
import { globalEvents, monotonicNow } from '../environment.js';
import { SessionError } from '../errors.js';
import type { EpochMilliseconds, Milliseconds } from '../session.js';
import { blockedError, CommitLock, patience } from './commit-lock.js';
import { LockTable, type HeldLock } from './lock-table.js';
import type { LockTurn } from './lock-turn.js';
import { lease, type Turn } from './turn.js';

export { patience };

/** The order of commits. */
export interface Fence {
  /** Notes that this tab looks on: as long as nobody commits from then on, nothing is on its way. */
  attend(): Promise<void>;
  /**
   * Runs a task while nobody commits (`shared`), or alone (`exclusive`), on a view that shows the last commit.
   *
   * A tab that is stopped in its task loses its turn to others. So whoever writes must ask `turn` right before each write,
   * and before {@link Fence.advance}; whoever has only read, once more at the end. The `LostTurn` that it throws then may
   * be passed on as long as nothing was written: the task runs again from the start.
   *
   * @param task - told the number of the last commit; 0 = there was none
   * @throws {@link SessionError} `STORE_BLOCKED` when this tab does not get to see the last commit, or gets in its own way
   */
  run<Result>(mode: LockMode, task: (last: number, turn: Turn) => Promise<Result>): Promise<Result>;
  /** In an exclusive task, before its first write: this is commit `number`, a key of its own that it writes last. */
  advance(number: number): Promise<void>;
  /** Gives up the fence: the number could not be written, so nobody may wait for it. */
  abandon(): void;
  /** Lets go of every lock. Tasks that have not begun are refused with `STORE_CLOSED`. */
  close(): Promise<void>;
}

/**
 * How long changes may be on their way from a writer that is gone.
 *
 * Measured in Chromium 156 on 2 cores, with up to 8 busy processes beside it. After a crash or the end of a tab in the
 * middle of its commits (369 trials) no view was behind when the tab's locks became free. Between living tabs, one of
 * which may close its store at once, news came up to 54 ms after the lock, and up to 85 ms with records of 100 kB
 * (12,300 commits).
 */
export const settling: Milliseconds = 250;

/** In place of a number: this view shows nothing any more, and has been another's (R16). */
export const wiped = -1;

export interface LockFenceOptions {
  readonly locks: LockManager;
  /** Begins the name of every lock, and of no other. */
  readonly prefix: string;
  /** The number of the last commit that this tab's view shows; 0 = none; {@link wiped}. */
  readonly shown: () => Promise<number>;
  readonly clock: Clock;
  /** Time that cannot be set. Default: that of the system. */
  readonly monotonic?: (() => Milliseconds) | undefined;
}

/** A fence made of Web Locks. */
export class LockFence implements Fence {
  readonly #options: LockFenceOptions;
  readonly #table: LockTable;
  readonly #lock: CommitLock;
  /** Our own locks, as far as we know: what the table says is the truth. */
  #held: readonly HeldLock[] = [];
  /** Those that have been held for {@link settling}. */
  readonly #settled = new WeakSet<HeldLock>();
  /** The names of all such locks, in any tab, as last asked. */
  #standing: readonly string[] = [];
  /** The last fence whose number this view has shown. */
  #seen: string | undefined;

  constructor(options: LockFenceOptions) {
    const { locks, prefix, clock, monotonic = monotonicNow } = options;
    this.#options = options;
    this.#table = new LockTable(locks, prefix);
    this.#lock = new CommitLock({ table: this.#table, clock, monotonic });
  }

  attend(): Promise<void> {
    globalEvents()?.addEventListener('pagehide', this.#onPageHide);
    return this.#lock.run('shared', async (turn) => {
      if (turn.isStolen) await this.#catchUp('shared', turn);
      const watch = await this.#table.hold(this.#table.named('watch'));
      // Of commits that came between it has seen nothing.
      await turn.look().catch((error: unknown) => {
        watch.release();
        throw error;
      });
      this.#held = [...this.#held, watch];
      this.#options.clock.after(settling, () => this.#settled.add(watch));
    });
  }

  run<Result>(
    mode: LockMode,
    task: (last: number, turn: Turn) => Promise<Result>,
  ): Promise<Result> {
    return this.#lock.run(mode, async (turn) => task(await this.#catchUpInTime(mode, turn), turn));
  }

  async advance(number: number): Promise<void> {
    const before = this.#held;
    // Our own are released below: the new one is there by then, and whoever dies loses both.
    const others = this.#standing.filter((name) => !before.some((own) => own.name === name));
    const holding = this.#table.hold(this.#table.named(`fence:${sortable(number)}`));
    try {
      await Promise.all([holding, ...others.map((name) => this.#table.steal(name))]);
    } catch (error) {
      holding.then(({ release }) => release()).catch(() => {});
      throw error;
    }
    const fence = await holding;
    this.#held = [fence];
    this.#standing = [fence.name];
    this.#seen = fence.name;
    for (const { release } of before) release();
  }

  abandon(): void {
    for (const { release } of this.#held) release();
    this.#held = [];
  }

  async close(): Promise<void> {
    globalEvents()?.removeEventListener('pagehide', this.#onPageHide);
    await this.#lock.close(new SessionError('STORE_CLOSED', 'The backend is closed.'));
    this.abandon();
  }

  // Some browsers keep a page that holds a lock out of the back/forward cache.
  readonly #onPageHide = (): void => this.abandon();

  /** A storage that does not answer must not keep everybody waiting for the lock. */
  #catchUpInTime(mode: LockMode, turn: LockTurn): Promise<number> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(patience + lease, () => {
        // Or was it this tab that has slept?
        turn.look().then(() => reject(blockedError()), reject);
      });
      this.#catchUp(mode, turn).then(resolve, reject).finally(cancel);
    });
  }

  /** @returns the number of the last commit, which this view now shows */
  async #catchUp(mode: LockMode, turn: LockTurn): Promise<number> {
    const { clock, shown } = this.#options;
    const begun = clock.now();
    let goneSince: EpochMilliseconds | undefined;
    for (;;) {
      turn.signal.throwIfAborted();
      // Asking is the pause as well. It takes as long as it takes to the browser's own process and back, also in a hidden
      // tab, where a timer may take a minute: and all that time no other tab could commit.
      const newest = await this.#newestFence(turn);
      const number = await shown();
      const now = clock.now();
      // Nor does anything say what a robbed tab has written.
      if (newest === undefined || turn.isStolen) {
        goneSince ??= now;
        const settled = isPast(now, goneSince, settling) || (!turn.isStolen && this.#hasWatched());
        if (!settled && (mode === 'exclusive' || turn.isStolen)) continue;
        if (newest === undefined || number >= newest.number) return Math.max(number, 0);
        // A number that was never written: nobody may wait for it.
        await this.#table.steal(newest.name);
        return newest.number;
      }
      // What has been shown and is shown no more was wiped; it is not on its way.
      if (number >= newest.number || newest.name === this.#seen) {
        this.#seen = newest.name;
        return Math.max(number, newest.number);
      }
      // So was what this view has never shown, unless somebody has begun anew by now: that is given plenty of time, since
      // two that begin anew would each take the other's beginning for a wipe.
      if (number === wiped && isPast(now, begun, 4 * settling)) {
        await this.#table.steal(newest.name);
        return newest.number;
      }
      if (isPast(now, begun, patience)) {
        // Storage has gone back in time, as after a crash of its process: the writer is as good as gone.
        await this.#table.steal(newest.name);
        throw blockedError();
      }
    }
  }

  /** Whether nobody has committed for {@link settling}, under our own eyes. */
  #hasWatched(): boolean {
    return this.#held.some((own) => this.#settled.has(own) && this.#standing.includes(own.name));
  }

  async #newestFence(turn: LockTurn): Promise<{ name: string; number: number } | undefined> {
    const names = (await turn.look()).map((lock) => lock.name!);
    this.#standing = names.filter((name) => /^(?:fence|watch):/.test(name));
    const fences = this.#standing.filter((name) => name.startsWith('fence:'));
    const name = fences.sort().at(-1);
    return name === undefined ? undefined : { name, number: Number(name.split(':')[1]) };
  }
}

/** A clock that is set back meanwhile must not make anybody wait for as long again. */
function isPast(now: EpochMilliseconds, begun: EpochMilliseconds, limit: Milliseconds): boolean {
  return Math.abs(now - begun) >= limit;
}

/** A number as text of one length. */
export function sortable(number: number): string {
  return String(number).padStart(16, '0');
}
