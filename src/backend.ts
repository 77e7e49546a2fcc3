/**
 * CONTRACT, types only: what the author of a backend writes. A backend knows nothing of sessions: it runs `decide` so
 * that nobody comes between its read and its write. `tabkeep/testing` proves that it does.
 */

import type { EndReason, EpochMilliseconds, Milliseconds } from './session.js';
import type { ErrorContext, Peers } from './ports.js';

/**
 * What survives of a commit once its promise has resolved.
 * - `none`: nothing outlives the process.
 * - `eventual`: survives a closed or crashed tab; killing the whole browser may lose the last minute.
 * - `relaxed`: survives a killed browser; a power cut may lose the last commits.
 * - `strict`: survives a power cut, as far as the disk tells the truth.
 */
export type Durability = 'none' | 'eventual' | 'relaxed' | 'strict';

/** What a backend can do; the store behaves by it and the conformance suite holds the backend to it. */
export interface Capabilities {
  /** Who sees the same records. */
  readonly shared: 'tab' | 'origin' | 'machine' | 'remote';
  /** Whether `transact` excludes everyone with whom the records are shared (R2), and not only this tab. */
  readonly atomic: boolean;
  /** Whether records outlive the last tab. */
  readonly persistent: boolean;
  readonly durability: Durability;
  /** Whether values go through the structured clone algorithm; else through a text codec. */
  readonly structuredClone: boolean;
}

/** Session data in whatever form the backend holds it; decoded only when somebody asks. */
export interface Payload {
  /**
   * The decoded data, shared: the caller copies it before changing it.
   * @throws {@link SessionError} `DECODE_FAILED`
   */
  value(): unknown;
}

interface RecordHeader {
  readonly id: string;
  readonly version: number;
  readonly createdAt: EpochMilliseconds;
  readonly updatedAt: EpochMilliseconds;
}

/** A session that has not ended. It may have expired: the rules decide that, never the backend. */
export interface LiveRecord extends RecordHeader {
  readonly kind: 'live';
  /** Indexed where not `null`. */
  readonly owner: string | null;
  /** The slot of `current()` that points to this session. */
  readonly slot: string | null;
  /** Indexed where not `null`. */
  readonly expiresAt: EpochMilliseconds | null;
  /** When the idle timeout was last extended. */
  readonly touchedAt: EpochMilliseconds;
  readonly idle: Milliseconds | null;
  readonly absolute: Milliseconds | null;
  readonly schemaVersion: number;
  readonly data: Payload;
}

/** Remembers that an id has ended (R4). Holds no data. */
export interface Tombstone extends RecordHeader {
  readonly kind: 'tombstone';
  readonly reason: EndReason;
  /** The id the session was rotated to, else `null`. */
  readonly successor: string | null;
  /** Whose session it was. */
  readonly lastOwner: string | null;
  /** When it may be forgotten. Indexed. */
  readonly purgeAt: EpochMilliseconds;
}

/** Points a slot of `current()` to its session. Its id starts with a control character, which no session id may. */
export interface SlotRecord extends RecordHeader {
  readonly kind: 'slot';
  readonly target: string;
}

/** Whatever may lie in a backend; `kind` tells which it is. */
export type StoredRecord = LiveRecord | Tombstone | SlotRecord;

/** The records of the ids that were asked for. `get` throws `DECODE_FAILED` for one that cannot be read (R8). */
export interface CurrentRecords {
  get(id: string): StoredRecord | undefined;
}

/** What to change. Only ids that were asked for may appear. */
export interface Decision<Result> {
  readonly write?: readonly StoredRecord[];
  readonly remove?: readonly string[];
  readonly result: Result;
}

/** Synchronous, without side effects; may run again. What it throws rejects its own caller only. */
export type Decide<Result> = (current: CurrentRecords) => Decision<Result>;

/** Where a scan goes on: after the record with this time (`null` in scans by id or owner) and id. */
export interface ScanCursor {
  readonly at: EpochMilliseconds | null;
  readonly id: string;
}

/** Which records a scan gives, and in which order; `limit` is the size of one page. */
export type ScanQuery = { readonly after?: ScanCursor | undefined; readonly limit: number } & (
  | /** Every record of any kind, in id order. */ { readonly by: 'id' }
  | /** Live records of an owner, in id order. */ { readonly by: 'owner'; readonly owner: string }
  | /** Live records with `expiresAt <= until`, the earliest first. */ {
      readonly by: 'expiresAt';
      readonly until: EpochMilliseconds;
    }
  | /** Tombstones with `purgeAt <= until`, the earliest first. */ {
      readonly by: 'purgeAt';
      readonly until: EpochMilliseconds;
    }
);

/** One page of a scan. */
export interface ScanPage {
  readonly records: readonly StoredRecord[];
  /** Where the next page begins; absent at the end. */
  readonly next?: ScanCursor | undefined;
  /** `DECODE_FAILED` errors of records that could not be read: skipped, and never silently. */
  readonly unreadable: readonly Error[];
}

/** Which ids `listIds` gives. */
export interface ListIdsQuery {
  readonly owner?: string | undefined;
  /** Leaves out what has expired at this moment. */
  readonly aliveAt: EpochMilliseconds;
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A store that is not the one it was: nothing that was in it is there, and nobody has signed out (R16). */
export interface StoreReset {
  /** The id that the store has now. */
  readonly epoch: string;
  /** The id of the store that is lost. */
  readonly previous: string;
}

/** What a backend is told when it is opened. */
export interface BackendContext {
  /** The namespace: records of another name are never seen nor touched (R14). */
  readonly name: string;
  readonly now: () => EpochMilliseconds;
  readonly onError: (error: unknown, context: ErrorContext) => void;
  /** The backend in use has changed, and why. */
  readonly onChange: (change: { name: string; previous: string | null; reason: unknown }) => void;
  /** The whole store was wiped: by the browser, by the user, by another program (R16). */
  readonly onReset: (reset: StoreReset) => void;
  /** The other tabs; absent where the store has no `sync`. */
  readonly peers?: Peers | undefined;
}

/** Where sessions lie. Write one for any storage that can run a read and a write with nobody in between. */
export interface Backend {
  readonly name: string;
  readonly capabilities: Capabilities;
  /**
   * Gets ready within a bounded time.
   * @throws {@link SessionError} `STORE_UNAVAILABLE`, `STORE_BLOCKED`
   */
  open(context: BackendContext): Promise<void>;
  /** The record as of the last commit this tab can see. `undefined` only for proven absence; a failed read throws (R8). */
  read(id: string): Promise<StoredRecord | undefined>;
  /**
   * Runs `decide` on the current records of `ids` and writes what it says: all of it or nothing (R10), with nobody in
   * between (R2). Resolves when the commit is as durable as `capabilities.durability` says (R9).
   *
   * @throws {@link SessionError} `QUOTA_EXCEEDED`, `ENCODE_FAILED`, `STORE_UNAVAILABLE`; and whatever `decide` throws
   */
  transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result>;
  scan(query: ScanQuery): Promise<ScanPage>;
  /** Ids of live records in code unit order, without reading the data where that can be avoided. */
  listIds(query: ListIdsQuery): Promise<string[]>;
  /** Replaces everything in this namespace, unreadable records included, by what `retain` returns; in one step. */
  clear(retain: (current: readonly StoredRecord[]) => readonly StoredRecord[]): Promise<void>;
  /** Lets go of every resource. Idempotent. */
  close(): Promise<void>;
}
