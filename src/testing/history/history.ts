/** CONTRACT, types only: what several tabs did to the sessions of one store, and what became of it. */

import type { EndReason, EpochMilliseconds, Milliseconds } from '../../session.js';

/** The operations that are recorded. */
export type HistoryOperation =
  | 'create'
  | 'load'
  | 'save'
  | 'saveIfVersion'
  | 'update'
  | 'rotate'
  | 'touch'
  | 'delete'
  | 'endAll'
  | 'clear';

/** When something was: by three clocks, of which each knows what the others do not. */
export interface HistoryMoment {
  /** Comparable between all clients of a machine, to within `tolerance`. */
  readonly at: Milliseconds;
  /** Counts the moments of one client: exact, and comparable to those of the same client only. */
  readonly tick: number;
  /** The time by which the store expires sessions. */
  readonly clock: EpochMilliseconds;
}

/** What was asked for, as far as it matters; data as text, equal for equal data. */
export interface HistoryInput {
  /** `create`, `save`, `saveIfVersion`, `rotate`; `update`: what its function made, as far as it is known. */
  readonly data?: string | undefined;
  /** `update`: what its function was given. */
  readonly saw?: string | undefined;
  /** `update`: how often its function ran. */
  readonly runs?: number | undefined;
  /** `saveIfVersion`, `rotate`, `delete`. */
  readonly expectedVersion?: number | undefined;
  /** `create`. */
  readonly replaceEnded?: boolean | undefined;
  /** `rotate`: the new id. */
  readonly successor?: string | undefined;
  /** `endAll`: the session that goes on. */
  readonly except?: string | undefined;
}

/** A session that somebody was given. */
export interface HistorySession {
  readonly id: string;
  readonly version: number;
  readonly data: string;
  readonly expiresAt: EpochMilliseconds | null;
}

/** What an operation came to. */
export type HistoryOutcome =
  | { readonly kind: 'session'; readonly session: HistorySession }
  | /** `load`, `touch`: no such session. */ { readonly kind: 'absent' }
  | /** `delete`: whether it was there. */ { readonly kind: 'ended'; readonly was: boolean }
  | /** `endAll`, `clear`. */ { readonly kind: 'done' }
  | {
      readonly kind: 'error';
      /** The code of a `SessionError`, or the name of another error. */
      readonly code: string;
      readonly actual?: number | undefined;
      readonly current?: HistorySession | undefined;
      readonly successor?: string | undefined;
      readonly reason?: EndReason | undefined;
    };

/** One operation of one client. Plain data, so that it can be sent, stored and read again. */
export interface HistoryEvent {
  readonly client: string;
  /** Counts the operations of a client. */
  readonly number: number;
  readonly op: HistoryOperation;
  /** Empty for `endAll` and `clear`. */
  readonly id: string;
  readonly input: HistoryInput;
  readonly invoked: HistoryMoment;
  /** `null`: it never returned, as when its tab has died. It may take effect at any later time, or never. */
  readonly returned: HistoryMoment | null;
  /** `null` as long as it has not returned. */
  readonly outcome: HistoryOutcome | null;
}

/** How a history is checked. */
export interface CheckHistoryOptions {
  /**
   * How far the clocks of two clients may be apart; default 5 ms. What one client did less than this after another one is
   * taken to be at the same time. It only ever excuses, so choose it as large as you must, and 0 where all clients share
   * one clock.
   */
  readonly tolerance?: Milliseconds | undefined;
  /**
   * What `load` promises. `latest` (the default): whatever was committed before it began, as with IndexedDB. `ordered`: a
   * client's reads may lag behind what others commit, never behind what the client itself did or has seen, as with
   * localStorage.
   */
  readonly reads?: 'latest' | 'ordered' | undefined;
}

/** Operations that cannot all be as their clients saw them. */
export interface HistoryViolation {
  /** The rule that is broken, such as `R2`. */
  readonly rule: string;
  /** The session id concerned. */
  readonly id: string;
  /** What is wrong, the operations included. */
  readonly text: string;
  /** The smallest set found that contradicts itself; whatever else happened cannot make it right. */
  readonly operations: readonly HistoryEvent[];
}

/** What a check came to. */
export interface HistoryVerdict {
  /** Whether one order of all operations explains every outcome. */
  readonly ok: boolean;
  readonly violations: readonly HistoryViolation[];
  /** How many operations were checked. */
  readonly operations: number;
}
