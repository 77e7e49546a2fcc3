/** The Web Lock of the tab that leads, and the proof that it still does. */

import type { Clock } from '../clock.js';
import { errorName, SessionError } from '../errors.js';
import type { Lead } from '../ports.js';
import type { Milliseconds } from '../session.js';

/**
 * How long a confirmed lead counts without being confirmed again. Who takes the lead from a tab that may still be at work
 * waits for as long before it begins, so that the two never write at the same time.
 */
export const lease: Milliseconds = 2000;

export interface LeaderLockOptions {
  /** Of the lock; whoever leads holds a second one of this name, a colon, and its epoch. */
  readonly name: string;
  readonly locks: Pick<LockManager, 'request' | 'query'>;
  readonly clock: Clock;
  /** Time that passes also while a process is stopped, and that nobody can set. */
  readonly elapsed: () => Milliseconds;
  /** The lock is ours. */
  readonly onHold: () => void;
  /** Work may begin. */
  readonly onLead: () => void;
  /** Settles when no work is under way. */
  readonly idle: () => Promise<void>;
}

/** One stay in the queue for the lock, and at the lead when its turn comes. */
export class Stay {
  /** Settles when it was left, or robbed of the lock. Rejects when the locks fail. */
  readonly over: Promise<void>;
  isHolding = false;
  readonly #options: LeaderLockOptions;
  /** Aborted when the lead is lost. */
  readonly #retired = new AbortController();
  /** Aborted when the lock, or the place in the queue for it, is given up. */
  readonly #left = new AbortController();
  #lead: Lead | undefined;

  /** @param steal - whether to take the lock from whoever holds it, instead of waiting */
  constructor(options: LeaderLockOptions, steal: boolean) {
    this.#options = options;
    this.over = this.#stay(steal);
  }

  /** The lead, while this tab has it. */
  get lead(): Lead | undefined {
    return this.isRetired ? undefined : this.#lead;
  }

  get isRetired(): boolean {
    return this.#retired.signal.aborted;
  }

  /** Gives up the lead, and keeps the lock: nobody works until it is left or stolen. */
  retire(): void {
    this.#retired.abort();
  }

  leave(): void {
    this.retire();
    this.#left.abort();
  }

  async #stay(steal: boolean): Promise<void> {
    const { name, locks } = this.#options;
    const { signal } = this.#left;
    try {
      await locks.request(name, steal ? { steal } : { signal }, () => this.#hold());
    } catch (error) {
      // It was left, or the lock was stolen from it.
      if (!signal.aborted && errorName(error) !== 'AbortError') throw error;
      this.retire();
      await this.#options.idle();
    } finally {
      this.leave();
    }
  }

  async #hold(): Promise<void> {
    const { onHold, onLead } = this.#options;
    const { signal } = this.#left;
    if (signal.aborted) return;
    this.isHolding = true;
    onHold();
    // A page that is put away meanwhile gets no more answers, and must not keep the lock for them.
    const taken = await Promise.race([this.#takeEpoch(), whenAborted(signal)]);
    if (taken === undefined) return;
    const { epoch, isAlone } = taken;
    // A tab that was stopped, or was just robbed, may still hold a lead that it confirmed a moment ago.
    if (!isAlone) await this.#pause(lease);
    if (!this.isRetired) {
      this.#lead = this.#leadOf(epoch);
      onLead();
    }
    await whenAborted(signal);
  }

  /** Holds the lock of a new epoch until its work has ended, or is left. */
  async #takeEpoch(): Promise<{ epoch: number; isAlone: boolean }> {
    const { name, locks, clock } = this.#options;
    const { epochs } = await this.#look();
    // By the clock where nobody is left who knows the last one.
    let epoch = Math.max(Math.floor(clock.now()), ...epochs.map((held) => held + 1));
    const holdEpoch = (): Promise<boolean> =>
      new Promise((resolve, reject) => {
        const hold = (lock: Lock | null): Promise<void> | undefined => {
          resolve(lock !== null);
          return lock === null ? undefined : this.#whenStopped();
        };
        locks.request(`${name}:${epoch}`, { ifAvailable: true }, hold).catch(reject);
      });
    while (!(await holdEpoch())) epoch++;
    return { epoch, isAlone: epochs.length === 0 };
  }

  async #whenStopped(): Promise<void> {
    const stopped = whenAborted(this.#retired.signal).then(() => this.#options.idle());
    await Promise.race([stopped, whenAborted(this.#left.signal)]);
  }

  #leadOf(epoch: number): Lead {
    const { elapsed } = this.#options;
    const { signal } = this.#retired;
    let confirmed = -Infinity;
    const isOver = (since: Milliseconds): boolean => elapsed() - since >= lease;
    return {
      epoch,
      signal,

      confirm: async () => {
        let asked: Milliseconds;
        do {
          asked = elapsed();
          // A tab that was stopped learns of its loss in no certain order. The browser itself knows who leads.
          const { epochs, holder, holderOf } = await this.#look();
          const leads = holder !== undefined && holder === holderOf(epoch);
          if (!leads || Math.max(...epochs) > epoch) this.leave();
          if (signal.aborted) throw lost();
          // Stopped while it asked, a tab finds an answer of long ago.
        } while (isOver(asked));
        confirmed = asked;
      },

      check() {
        if (signal.aborted || isOver(confirmed)) throw lost();
      },
    };
  }

  async #look(): Promise<{
    /** Of everyone who leads, or may still believe it. */
    epochs: number[];
    /** The tab that holds the lock. */
    holder: string | undefined;
    holderOf: (epoch: number) => string | undefined;
  }> {
    const { name, locks } = this.#options;
    const { held = [] } = await locks.query();
    const clientOf = (lock: string): string | undefined =>
      held.find((other) => other.name === lock)?.clientId;
    const epochs = held
      .filter((lock) => lock.name?.startsWith(`${name}:`))
      .map((lock) => Number(lock.name?.slice(name.length + 1)))
      .filter(Number.isSafeInteger);
    return { epochs, holder: clientOf(name), holderOf: (epoch) => clientOf(`${name}:${epoch}`) };
  }

  #pause(time: Milliseconds): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(time, resolve);
      const stop = (): void => {
        cancel();
        resolve();
      };
      this.#retired.signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function lost(): SessionError {
  return new SessionError('ABORTED', 'another tab leads, or may lead by now');
}
