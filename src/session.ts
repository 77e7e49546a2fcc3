/// <reference lib="esnext.disposable" preserve="true" />
/**
 * CONTRACT, types only: what callers of tabkeep see. The page to read first.
 *
 * A session is a value with a version. Every write adds one to the version, every reader can say which version it saw,
 * and an id whose session has ended stays ended. The rules R1 to R16 named below are listed in docs/rules.md.
 */

import type { Backend, Capabilities } from './backend.js';
import type { Clock } from './clock.js';
import type { ErrorContext, Sweeper, TabSync } from './ports.js';
import type { StandardSchemaV1 } from './standard-schema.js';

/** A span of time in milliseconds. */
export type Milliseconds = number;

/** A moment: milliseconds since 1970-01-01T00:00Z, as `Date.now()` counts them. */
export type EpochMilliseconds = number;

/**
 * How long a session lives. Both limits may hold at once: the earlier one wins.
 *
 * Units:  milliseconds, above 0 and at most 2^53 − 1; 30, 90 or 400 days are fine
 * Absent: `undefined` keeps what the session or the store already has; `null` lifts that limit
 *
 * @see OWASP Session Management Cheat Sheet, "Session Expiration"; NIST SP 800-63B-4 sections 2.1.3, 2.2.3, 2.3.3
 */
export interface Ttl {
  /** Ends the session when nobody wrote to it or touched it for this long. Reading is not activity (R6). */
  readonly idle?: Milliseconds | null | undefined;
  /** Ends the session this long after it was created, whatever happens; survives `rotate` (R5). */
  readonly absolute?: Milliseconds | null | undefined;
}

/** One session as it was at one version. A copy: changing it changes nothing stored. */
export interface Session<Data> {
  readonly id: string;
  readonly data: Data;
  /** Starts at 1 and grows by exactly 1 with each write; never goes back (R1). */
  readonly version: number;
  /** The user or agent whose session this is; `null` before sign-in. */
  readonly owner: string | null;
  readonly createdAt: EpochMilliseconds;
  readonly updatedAt: EpochMilliseconds;
  /** Expired means `now >= expiresAt` (R6); `null` means never. */
  readonly expiresAt: EpochMilliseconds | null;
}

/** Why an id has no session any more. */
export type EndReason = 'ended' | 'rotated' | 'expired';

/** Where a change was made: by this store object, or by another tab, worker or process. */
export type ChangeOrigin = 'here' | 'elsewhere';

/**
 * Something that happened to the stored sessions, told after it was committed.
 * Changes from elsewhere are told once they were read back from the backend: a message alone is never believed (R11).
 */
export type StoreEvent =
  | {
      readonly type: 'saved' | 'touched' | 'rotated' | 'ended' | 'expired';
      readonly id: string;
      readonly version: number;
      readonly origin: ChangeOrigin;
      /** `saved`, `touched`: when the session expires now. */
      readonly expiresAt?: EpochMilliseconds | null | undefined;
      /** `rotated`: where the session is now. */
      readonly successor?: string | undefined;
    }
  | {
      /** The store has changed to another backend of its list. */
      readonly type: 'backend';
      readonly name: string;
      readonly previous: string | null;
      readonly reason: unknown;
    }
  | {
      /**
       * The store was wiped: evicted, cleared by the user, or dropped by the browser when it was found corrupt. Every
       * session in it is lost, and none of them was signed out (R16). Told in each tab.
       */
      readonly type: 'reset';
      /** The id of the store as it is now. */
      readonly epoch: string;
      /** The id of the store that is lost. */
      readonly previous: string;
    };

/** Options of a write. Absent: `owner` and each part of `ttl` stay as they are. */
export interface WriteOptions {
  readonly owner?: string | null | undefined;
  readonly ttl?: Ttl | undefined;
}

/** Options of {@link SessionStore.create}. */
export interface CreateOptions extends WriteOptions {
  /** Your own id: 1 to 256 characters. Absent: 256 random bits. An id is a name and no credential. */
  readonly id?: string | undefined;
  /** Start a new life of an id whose session has ended; its version goes on from the tombstone's (R4). */
  readonly replaceEnded?: boolean | undefined;
}

/** Options of {@link SessionStore.rotate}. */
export interface RotateOptions<Data> {
  /** The new id. Absent: a random one. */
  readonly id?: string | undefined;
  /** New data for the successor. Absent: the data moves along unchanged. */
  readonly data?: Data | undefined;
  /** Rotate only if the session is still at this version. */
  readonly expectedVersion?: number | undefined;
}

/** Which part of a long list; the last id of one page is the `after` of the next. */
export interface PageOptions {
  /** Only ids after this one, in UTF-16 code unit order. */
  readonly after?: string | undefined;
  /** At most this many; absent: all. */
  readonly limit?: number | undefined;
}

/**
 * Changes the data. Either mutates its argument (a private copy) or returns the new data. Synchronous, and free of side
 * effects: it runs inside the transaction and may run again.
 */
export type Updater<Data> = (data: Data) => Data | void;

/** The sessions of one namespace. Every method is safe to call from any number of tabs at once. */
export interface SessionStore<Data> {
  /**
   * Starts a session. Never overwrites (R3).
   *
   * Concurrency: of two tabs that create one id exactly one succeeds
   * @throws {@link SessionError} `ID_COLLISION` when the given id exists, or every generated one did; `SESSION_ENDED` when
   *   the given id had a session that ended and `replaceEnded` is not set; `INVALID_ID`; `INVALID_DATA`; `ENCODE_FAILED`;
   *   `QUOTA_EXCEEDED`
   */
  create(data: Data, options?: CreateOptions): Promise<Session<Data>>;
  /**
   * Reads a session. `undefined` means proven absence: never created, ended or expired. A read that fails throws (R8).
   *
   * @throws {@link SessionError} `DECODE_FAILED`, `SCHEMA_TOO_NEW`, `INVALID_DATA` with the stored value in `raw`
   */
  load(id: string): Promise<Session<Data> | undefined>;
  /**
   * Writes whatever was there before: the explicit escape from version checks; creates the session if there never was
   * one. Prefer {@link SessionStore.update}, which loses nobody's change.
   *
   * @throws {@link SessionError} `SESSION_ENDED` when the session ended, was rotated away or expired (R4)
   */
  save(id: string, data: Data, options?: WriteOptions): Promise<Session<Data>>;
  /**
   * Writes only if the session is still at `expectedVersion`; 0 means: only if there is none yet (R2).
   *
   * @throws {@link SessionError} `VERSION_CONFLICT` with `expected`, `actual` (0 = absent) and `current`; `SESSION_ENDED`
   */
  saveIfVersion(
    id: string,
    data: Data,
    expectedVersion: number,
    options?: WriteOptions,
  ): Promise<Session<Data>>;
  /**
   * Atomic read-modify-write: no other tab, worker or process comes between the read and the write.
   *
   * @throws {@link SessionError} `SESSION_NOT_FOUND`, `SESSION_ENDED`
   * @throws TypeError when `change` returns a promise
   */
  update(id: string, change: Updater<Data>, options?: WriteOptions): Promise<Session<Data>>;
  /**
   * Moves the session to a new id, in one transaction: do it at sign-in and at every change of privilege. The old id is
   * dead at once; createdAt stays, so the absolute timeout is not extended (R5).
   *
   * @returns the successor, its version one above the old one's
   * @throws {@link SessionError} `VERSION_CONFLICT` with the winner in `successor` when another rotation won;
   *   `SESSION_NOT_FOUND`; `SESSION_ENDED`; `ID_COLLISION`
   * @see OWASP ASVS 5.0, 7.2.4
   */
  rotate(id: string, options?: RotateOptions<Data>): Promise<Session<Data>>;
  /**
   * Says that the user is active: extends the idle timeout, leaves the version alone. Writes only when a tenth of the
   * idle time has passed since the last extension, so it may be called on every key press (R6).
   *
   * @returns the session; `undefined` when there never was one
   * @throws {@link SessionError} `SESSION_ENDED`
   */
  touch(id: string): Promise<Session<Data> | undefined>;
  /**
   * Ends the session: the data is gone, a tombstone without data keeps late writers from bringing it back (R4).
   *
   * @returns whether it was there
   * @throws {@link SessionError} `VERSION_CONFLICT` when `ifVersion` is given and the session is at another version
   */
  delete(id: string, options?: { readonly ifVersion?: number | undefined }): Promise<boolean>;
  /** The ids of living sessions in code unit order, of one owner if asked. */
  listIds(options?: PageOptions & { readonly owner?: string | undefined }): Promise<string[]>;
  /** The living sessions of an owner, by index. One that cannot be read is left out and reported to `onError`. */
  listByOwner(owner: string, options?: PageOptions): Promise<Session<Data>[]>;
  /** Logs the owner out everywhere, or everywhere else. All or nothing (R10). @returns how many were ended */
  endAll(owner: string, options?: { readonly except?: string | undefined }): Promise<number>;
  /** Ends every session of this namespace and drops whatever else it holds; other namespaces are not touched (R14). */
  clear(): Promise<void>;
  /** Ends what has expired, and forgets tombstones past their time. Costs O(expired) (R7). @returns sessions removed */
  sweep(): Promise<number>;
  /**
   * Resumes this profile's session, or starts it. All tabs that ask at once get the same one.
   *
   * @param options.slot - which of several; default 'default'
   * @param options.create - makes the first data; runs at most once a call, and perhaps in vain when another tab was first
   */
  current(options: {
    readonly slot?: string | undefined;
    readonly create: () => Data | PromiseLike<Data>;
  }): Promise<LiveSession<Data>>;
  /** A living view of one session; `undefined` when it is absent, ended or expired. */
  open(id: string): Promise<LiveSession<Data> | undefined>;
  /** Hears of every change, made here or elsewhere. @returns stops it */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  readonly backend: { readonly name: string; readonly capabilities: Capabilities };
  readonly status: 'open' | 'closing' | 'closed';
  /** Lets running work finish, then lets go of everything. Later calls throw `STORE_CLOSED`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A session in hand: its data is there without a promise, and follows what any tab does, rotations included.
 * After `ended` or `expired` it keeps the last data it saw, for the page to say goodbye with; writes are refused.
 */
export interface LiveSession<Data> {
  readonly id: string;
  /** The data as last seen, the same object until it changes. Not yours to change: use {@link LiveSession.update}. */
  readonly data: Data;
  readonly version: number;
  readonly owner: string | null;
  readonly expiresAt: EpochMilliseconds | null;
  /**
   * `reset`: the whole store was wiped under this view (R16). Nobody has signed out: the data in hand is the last there
   * is, until the session is stored again.
   */
  readonly status: 'active' | 'expired' | 'ended' | 'reset';
  /** {@link SessionStore.update} on this session, followed through rotations. */
  update(change: Updater<Data>, options?: WriteOptions): Promise<void>;
  /** Replaces the data if nobody changed it since this view saw it. @throws {@link SessionError} `VERSION_CONFLICT` */
  set(data: Data, options?: WriteOptions): Promise<void>;
  touch(): Promise<void>;
  /** {@link SessionStore.rotate}; when another tab won, this view follows the winner and the conflict is thrown. */
  rotate(options?: RotateOptions<Data>): Promise<void>;
  /** Ends the session in every tab. @returns whether it was there */
  end(): Promise<boolean>;
  /** Reads the backend again, now. */
  reload(): Promise<void>;
  /** Runs after each change of anything above, made in any tab. @returns stops it */
  subscribe(listener: () => void): () => void;
  /** Stops following. The session itself goes on. */
  close(): void;
}

/** What `openStore` is given. */
export interface OpenStoreOptions<Data> {
  /** The namespace: database name, key prefix, channel name and lock names derive from it. */
  readonly name: string;
  /** One backend, or a list: the first that really opens, tried with a real write. */
  readonly backend: Backend | readonly Backend[];
  /** Default life of a session. Absent: sessions never expire. */
  readonly ttl?: Ttl | undefined;
  /** How long an ended id is remembered; default 24 h. Longer than any writer may hold a session. */
  readonly tombstoneTtl?: Milliseconds | undefined;
  readonly sync?: TabSync | null | undefined;
  readonly sweeper?: Sweeper | null | undefined;
  /** Checks data on every load and write: any Standard Schema (zod, valibot, arktype, …). */
  readonly schema?: StandardSchemaV1<unknown, Data> | undefined;
  /** Version of the shape of `data`; default 1. */
  readonly schemaVersion?: number | undefined;
  /** Brings data of an older schemaVersion up to date, on load (R13). Synchronous. */
  readonly migrate?: ((data: unknown, fromVersion: number) => Data) | undefined;
  readonly clock?: Clock | undefined;
  /** Draws ids; at least 128 bits from a secure source. Default: 256 bits. */
  readonly generateId?: (() => string) | undefined;
  /** Further draws after a collision; default 5, 0 = none, `Infinity` allowed (R3). */
  readonly maxIdCollisionRetries?: number | undefined;
  /**
   * Hears of every failure in the background (R15); default `console.error`, which also hears of what this function
   * itself throws.
   */
  readonly onError?: ((error: unknown, context: ErrorContext) => void) | undefined;
}
