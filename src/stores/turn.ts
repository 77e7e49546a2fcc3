/**
 * The right to write, which ends.
 *
 * A tab that is stopped (frozen, halted in a debugger, by a signal) keeps its Web Locks, and everybody else would wait
 * for it. So a turn is good for a {@link lease}, others may take over, and whoever wakes asks before each write.
 */

import { SessionError } from '../errors.js';
import type { Milliseconds } from '../session.js';

/** A stay under the lock of commits. */
export interface Turn {
  /** Right before each write that is made at once. @throws {@link LostTurn} when it must not be made */
  check(): void;
  /** The same before a write, or several, to wait for; asks the browser anew when the lease is half over. */
  renew(): Promise<void>;
}

/** How long a tab may write after the browser has told that it has the lock. */
export const lease: Milliseconds = 1500;

/** The turn of a tab from which nobody can take it. */
export const freeTurn: Turn = { check() {}, async renew() {} };

/** Another tab may have taken over. */
export class LostTurn extends SessionError {
  /** How many writes were allowed before. */
  readonly allowed: number;

  constructor(allowed = 0) {
    super('STORE_BLOCKED', 'Another tab has taken over from this one, which was stopped.');
    this.allowed = allowed;
  }
}
