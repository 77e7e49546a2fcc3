/** The Web Locks of one store. https://w3c.github.io/web-locks/ */

import { errorName, SessionError } from '../errors.js';

export interface HeldLock {
  readonly name: string;
  readonly release: () => void;
}

export class LockTable {
  readonly #locks: LockManager;
  readonly #prefix: string;
  /** Ends the names of our own locks. */
  readonly #id = Math.random().toString(36).slice(2);
  #named = 0;
  #me: Promise<string | undefined> | undefined;

  /** @param prefix - begins the name of every lock of the store, and of no other */
  constructor(locks: LockManager, prefix: string) {
    this.#locks = locks;
    this.#prefix = prefix;
  }

  /** A name that nobody else has, nor has had. */
  named(kind: string): string {
    return `${kind}:${this.#id}-${++this.#named}`;
  }

  request<Result>(name: string, options: LockOptions, task: () => Promise<Result>): Promise<Result>;
  request(name: string, options: LockOptions, task: () => Promise<unknown>): Promise<unknown> {
    return this.#locks.request(this.#prefix + name, options, task);
  }

  /** What any tab holds, as of some moment after the call. */
  async held(): Promise<readonly LockInfo[]> {
    const { held = [] } = await this.#locks.query().catch((error: unknown) => {
      throw lockError(error);
    });
    const ours = held.filter(({ name = '' }) => name.startsWith(this.#prefix));
    return ours.map((lock) => ({ ...lock, name: lock.name!.slice(this.#prefix.length) }));
  }

  /** How {@link held} calls this tab. */
  me(): Promise<string | undefined> {
    this.#me ??= this.#identify().catch((error: unknown) => {
      this.#me = undefined;
      throw error;
    });
    return this.#me;
  }

  /** Shared, until it is released or stolen. */
  hold(name: string): Promise<HeldLock> {
    return new Promise((resolve, reject) => {
      const hold = (): Promise<void> =>
        new Promise((release) => {
          resolve({ name, release });
        });
      // Also when it is stolen, long after it was resolved.
      this.request(name, { mode: 'shared' }, hold).catch((error: unknown) =>
        reject(lockError(error)),
      );
    });
  }

  /** Takes a lock from whoever holds it, and lets it go. */
  async steal(name: string): Promise<void> {
    try {
      await this.request(name, { steal: true }, async () => {});
    } catch (error) {
      // Somebody else has stolen it meanwhile.
      if (errorName(error) !== 'AbortError') throw lockError(error);
    }
  }

  async #identify(): Promise<string | undefined> {
    const { name, release } = await this.hold(this.named('me'));
    try {
      const mine = (await this.held()).find((lock) => lock.name === name);
      return mine?.clientId;
    } finally {
      release();
    }
  }
}

export function lockError(cause: unknown): SessionError {
  return new SessionError('STORE_UNAVAILABLE', 'Web Locks have failed.', { cause });
}
