/**
 * CONTRACT, types only: what a store asks of its surroundings. `tabkeep/sync` has the implementations for browsers;
 * `tabkeep/testing` has simulated ones.
 */

import type { EpochMilliseconds } from './session.js';

/** What was going on when a background failure happened. */
export interface ErrorContext {
  readonly during: 'sweep' | 'listener' | 'sync' | 'refresh' | 'scan' | 'backend' | 'close';
  /** The session concerned, where there is one. */
  readonly id?: string | undefined;
}

/**
 * One committed change as it is told to other tabs: a hint to look at the backend, never an instruction (R11).
 */
export interface Change {
  readonly id: string;
  readonly version: number;
  readonly kind: 'saved' | 'touched' | 'rotated' | 'ended' | 'expired';
  readonly successor?: string | undefined;
  readonly expiresAt?: EpochMilliseconds | null | undefined;
}

/** One tab's end of a channel. Messages may be lost, late or doubled, and anyone of the origin may send. */
export interface Channel {
  /** Sends plain data to every other end. Rejects or throws what went wrong. */
  post(message: unknown): Promise<void>;
  close(): Promise<void>;
}

/** Opens the channel of that name; `receive` gets whatever arrives, from now on. */
export type OpenChannel = (name: string, receive: (message: unknown) => void) => Channel;

/** The other tabs, as a backend may use them. */
export interface Peers {
  /** Opens a channel of a name to the other tabs; absent where the `sync` of the store has no transport to share. */
  readonly openChannel?: OpenChannel | undefined;
  /** Hears of changes that other tabs tell of, before the store looks them up. @returns stops it */
  onChanges(listener: (changes: readonly Change[]) => void): () => void;
  /** Called when messages may have been missed. @returns stops it */
  onResync(listener: () => void): () => void;
}

/** What the store gives to a {@link TabSync}. */
export interface TabSyncContext {
  readonly name: string;
  /** Called with changes that other tabs told of, in any order, late or twice. */
  readonly receive: (changes: readonly Change[]) => void;
  /** Called when messages may have been missed: everything in hand is compared with the backend again. */
  readonly resync: () => void;
  readonly onError: (error: unknown, context: ErrorContext) => void;
}

/** One store as the other tabs know it. */
export interface TabSyncConnection {
  /** Tells the other tabs. Never throws: what fails is reported. */
  post(changes: readonly Change[]): void;
  close(): Promise<void>;
}

/** Keeps tabs in step; see `tabSync()`. */
export interface TabSync {
  /** Its transport, for a backend that has messages of its own to send. */
  readonly openChannel?: OpenChannel | undefined;
  connect(context: TabSyncContext): TabSyncConnection;
}

/** The lead among the tabs of a store, as work that one tab does for all is given it. It may be lost at any moment. */
export interface Lead {
  /** Grows each time that a tab takes the lead. */
  readonly epoch: number;
  /** Aborted when the lead is known to be lost. */
  readonly signal: AbortSignal;
  /**
   * Before each step of the work: asks the browser whether this tab still leads.
   *
   * @throws {@link SessionError} `ABORTED` when it does not
   */
  confirm(): Promise<void>;
  /**
   * Right where something is written, inside the transaction: whether the last `confirm` still counts.
   *
   * @throws {@link SessionError} `ABORTED` when it does not
   */
  check(): void;
}

/** What the store gives to a {@link Sweeper}. */
export interface SweeperContext {
  readonly name: string;
  /** Whether other tabs share the records, so that one of them should sweep and the others not. */
  readonly shared: boolean;
  /** To the other tabs; absent where the `sync` of the store has no transport to share. */
  readonly openChannel?: OpenChannel | undefined;
  /** @param lead - where one tab does it for all: a long sweep stops when the lead is lost, and then throws `ABORTED` */
  readonly sweep: (lead?: Lead) => Promise<number>;
  readonly onError: (error: unknown, context: ErrorContext) => void;
}

/** Sweeps expired sessions now and then; see `intervalSweeper()`. */
export interface Sweeper {
  /** @returns stops it, and settles when a sweep under way has ended */
  start(context: SweeperContext): () => Promise<void>;
}
