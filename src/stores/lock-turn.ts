/** A {@link Turn} under a Web Lock. */

import type { Clock } from '../clock.js';
import type { Milliseconds } from '../session.js';
import type { HeldLock, LockTable } from './lock-table.js';
import { lease, LostTurn, type Turn } from './turn.js';

export interface LockTurnOptions {
  readonly table: LockTable;
  /** The lock that is held. */
  readonly name: string;
  readonly mode: LockMode;
  /** Whether it was taken from somebody who gave no sign of life. */
  readonly isStolen: boolean;
  /** Aborted when the store is closed. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly monotonic: () => Milliseconds;
}

export class LockTurn implements Turn {
  readonly isStolen: boolean;
  readonly signal: AbortSignal;
  readonly #options: LockTurnOptions;
  /** No later than when the browser last said that this tab holds the lock. */
  #heldAt = -Infinity;
  /** When others could last see that this tab is at work. */
  #signedAt: Milliseconds;
  #sign: Promise<HeldLock> | undefined;
  #isLost = false;

  constructor(options: LockTurnOptions) {
    this.isStolen = options.isStolen;
    this.signal = options.signal;
    this.#options = options;
    this.#signedAt = options.monotonic();
  }

  get mode(): LockMode {
    return this.#options.mode;
  }

  /** Somebody has taken the lock. Who holds one of this name from now on may be another turn of this very tab. */
  rob(): void {
    this.#isLost = true;
  }

  check(): void {
    if (this.#isLost || this.#age() >= lease) throw new LostTurn();
  }

  async renew(): Promise<void> {
    if (this.#age() >= lease / 2) await this.look();
    this.check();
  }

  /**
   * Begins the lease anew, if the lock is still ours. Whoever waits for it sees a sign of life now and then.
   *
   * @returns the locks that any tab holds
   * @throws {@link LostTurn}
   */
  async look(): Promise<readonly LockInfo[]> {
    const { table, name, mode, monotonic } = this.#options;
    const me = await table.me();
    // Nobody would let go of a sign that comes after the end.
    if (this.#isLost) throw new LostTurn();
    // Noted before it is asked: whoever takes the lock does so after the browser has looked, and waits a lease from then.
    const now = monotonic();
    if (now - this.#signedAt >= lease / 2) this.#giveSign(now);
    const held = await table.held();
    // The browser tells a robbed holder as well, but perhaps later than it answers.
    const isMine = held.some(
      (lock) => lock.name === name && lock.mode === mode && lock.clientId === me,
    );
    if (this.#isLost || !isMine) throw new LostTurn();
    this.#heldAt = now;
    return held;
  }

  /** Waits until whoever had the lock before may write no more. */
  async outlast(): Promise<void> {
    const { monotonic } = this.#options;
    const begun = monotonic();
    do {
      await this.look();
      await this.#pause(lease / 2);
      this.signal.throwIfAborted();
    } while (monotonic() - begun < lease);
  }

  /** The lock is not held any more. */
  end(): void {
    this.#isLost = true;
    letGo(this.#sign);
  }

  #age(): Milliseconds {
    return this.#options.monotonic() - this.#heldAt;
  }

  #giveSign(now: Milliseconds): void {
    const { table, name } = this.#options;
    const before = this.#sign;
    this.#signedAt = now;
    this.#sign = table.hold(table.named(name));
    letGo(before);
  }

  #pause(delay: Milliseconds): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(delay, resolve);
      const stop = (): void => {
        cancel();
        resolve();
      };
      this.signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function letGo(holding: Promise<HeldLock> | undefined): void {
  holding?.then(({ release }) => release()).catch(() => {});
}
