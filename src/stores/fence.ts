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
import { globalEvents } from '../environment.js';
import { errorName, SessionError } from '../errors.js';
import type { EpochMilliseconds, Milliseconds } from '../session.js';

/** The order of commits. */
export interface Fence {
  /** Notes that this tab looks on: as long as nobody commits from then on, nothing is on its way. */
  attend(): Promise<void>;
  /**
   * Runs a task while nobody commits (`shared`), or alone (`exclusive`), on a view that shows the last commit.
   *
   * @param task - told the number of the last commit; 0 = there was none
   * @throws {@link SessionError} `STORE_BLOCKED` when another tab is in the way for longer than {@link patience}
   */
  run<Result>(mode: LockMode, task: (last: number) => Promise<Result>): Promise<Result>;
  /** In an exclusive task, before its first write: this is commit `number`, a key of its own that it writes last. */
  advance(number: number): Promise<void>;
  /** Gives up the fence: the number could not be written, so nobody may wait for it. */
  abandon(): void;
  /** Lets go of every lock. Tasks that have not begun are refused with `STORE_CLOSED`. */
  close(): Promise<void>;
}

/** How long a tab waits for a lock, and then for its view, before it gives up. */
export const patience: Milliseconds = 5000;

/**
 * How long changes may be on their way from a writer that is gone.
 *
 * Measured in Chromium 156 on 2 cores, with up to 8 busy processes beside it. After a crash or the end of a tab in the
 * middle of its commits (369 trials) no view was behind when the tab's locks became free. Between living tabs, one of
 * which may close its store at once, news came up to 54 ms after the lock, and up to 85 ms with records of 100 kB
 * (12,300 commits).
 */
export const settling: Milliseconds = 250;

export interface LockFenceOptions {
  readonly locks: LockManager;
  /** Begins the name of every lock, and of no other. */
  readonly prefix: string;
  /** The number of the last commit that this tab's view shows; 0 = none. */
  readonly shown: () => Promise<number>;
  readonly clock: Clock;
}

interface HeldLock {
  readonly name: string;
  readonly release: () => void;
}

/** A fence made of Web Locks. */
export class LockFence implements Fence {
  readonly #options: LockFenceOptions;
  readonly #running = new Map<Promise<unknown>, AbortController>();
  /** Our own locks, as far as we know: what `query()` says is the truth. */
  #held: readonly HeldLock[] = [];
  /** Those that have been held for {@link settling}. */
  readonly #settled = new WeakSet<HeldLock>();
  /** The names of all such locks, in any tab, as last asked. */
  #standing: readonly string[] = [];
  /** The last fence whose number this view has shown. */
  #seen: string | undefined;
  /** Ends our locks' names: a namespace that was wiped begins to count anew. */
  readonly #id = Math.random().toString(36).slice(2);

  constructor(options: LockFenceOptions) {
    this.#options = options;
  }

  attend(): Promise<void> {
    globalEvents()?.addEventListener('pagehide', this.#onPageHide);
    return this.#whenFree('shared', async () => {
      const watch = await this.#hold(`watch:${this.#id}`);
      this.#held = [...this.#held, watch];
      this.#options.clock.after(settling, () => this.#settled.add(watch));
    });
  }

  run<Result>(mode: LockMode, task: (last: number) => Promise<Result>): Promise<Result> {
    return this.#whenFree(mode, async (signal) => task(await this.#catchUp(mode, signal)));
  }

  async advance(number: number): Promise<void> {
    const before = this.#held;
    // Our own are released below: the new one is there by then, and whoever dies loses both.
    const others = this.#standing.filter((name) => !before.some((own) => own.name === name));
    const holding = this.#hold(`fence:${sortable(number)}:${this.#id}`);
    try {
      await Promise.all([holding, ...others.map((name) => this.#steal(name))]);
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
    const closed = new SessionError('STORE_CLOSED', 'The backend is closed.');
    for (const attempt of this.#running.values()) attempt.abort(closed);
    globalEvents()?.removeEventListener('pagehide', this.#onPageHide);
    await Promise.allSettled(this.#running.keys());
    this.abandon();
  }

  // Some browsers keep a page that holds a lock out of the back/forward cache.
  readonly #onPageHide = (): void => this.abandon();

  #whenFree<Result>(
    mode: LockMode,
    task: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const attempt = new AbortController();
    const running = this.#request(mode, task, attempt);
    this.#running.set(running, attempt);
    return running.finally(() => this.#running.delete(running));
  }

  async #request<Result>(
    mode: LockMode,
    task: (signal: AbortSignal) => Promise<Result>,
    attempt: AbortController,
  ): Promise<Result> {
    const { locks, prefix, clock } = this.#options;
    const { signal } = attempt;
    const stopWaiting = clock.after(patience, () => attempt.abort(blockedError()));
    let begun = false;
    try {
      return await locks.request(`${prefix}commit`, { mode, signal }, () => {
        stopWaiting();
        begun = true;
        return task(signal);
      });
    } catch (error) {
      if (begun) throw error;
      // Not every engine refuses an aborted request with the reason that was given.
      throw signal.aborted ? signal.reason : lockError(error);
    } finally {
      stopWaiting();
    }
  }

  /** @returns the number of the last commit, which this view now shows */
  async #catchUp(mode: LockMode, signal: AbortSignal): Promise<number> {
    const { clock, shown } = this.#options;
    const begun = clock.now();
    let goneSince: EpochMilliseconds | undefined;
    for (;;) {
      signal.throwIfAborted();
      // Asking is the pause as well. It takes as long as it takes to the browser's own process and back, also in a hidden
      // tab, where a timer may take a minute: and all that time no other tab could commit.
      const newest = await this.#newestFence();
      const number = await shown();
      const now = clock.now();
      if (newest === undefined) {
        goneSince ??= now;
        const settled = this.#hasWatched() || isPast(now, goneSince, settling);
        if (settled || mode === 'shared') return number;
        continue;
      }
      // What has been shown and is shown no more was wiped; it is not on its way.
      if (number >= newest.number || newest.name === this.#seen) {
        this.#seen = newest.name;
        return Math.max(number, newest.number);
      }
      if (isPast(now, begun, patience)) {
        // Storage has gone back in time, as after a crash of its process: the writer is as good as gone.
        await this.#steal(newest.name);
        throw blockedError();
      }
    }
  }

  /** Whether nobody has committed for {@link settling}, under our own eyes. */
  #hasWatched(): boolean {
    return this.#held.some((own) => this.#settled.has(own) && this.#standing.includes(own.name));
  }

  async #newestFence(): Promise<{ name: string; number: number } | undefined> {
    const { locks, prefix } = this.#options;
    const { held = [] } = await locks.query().catch((error: unknown) => {
      throw lockError(error);
    });
    this.#standing = held
      .map(({ name }) => String(name))
      .filter((name) => name.startsWith(prefix) && name !== `${prefix}commit`)
      .map((name) => name.slice(prefix.length));
    const fences = this.#standing.filter((name) => name.startsWith('fence:'));
    const name = fences.sort().at(-1);
    return name === undefined ? undefined : { name, number: Number(name.split(':')[1]) };
  }

  #hold(name: string): Promise<HeldLock> {
    const { locks, prefix } = this.#options;
    return new Promise((resolve, reject) => {
      const hold = (): Promise<void> =>
        new Promise((release) => {
          resolve({ name, release });
        });
      // Also when it is stolen, long after it was resolved.
      locks
        .request(prefix + name, { mode: 'shared' }, hold)
        .catch((error: unknown) => reject(lockError(error)));
    });
  }

  async #steal(name: string): Promise<void> {
    const { locks, prefix } = this.#options;
    try {
      await locks.request(prefix + name, { steal: true }, () => {});
    } catch (error) {
      // Somebody else has stolen it meanwhile.
      if (errorName(error) !== 'AbortError') throw lockError(error);
    }
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

function lockError(cause: unknown): SessionError {
  return new SessionError('STORE_UNAVAILABLE', 'Web Locks have failed.', { cause });
}

function blockedError(): SessionError {
  return new SessionError('STORE_BLOCKED', 'Another tab keeps the store from being used.');
}
