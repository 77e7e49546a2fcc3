/** Records in hand that were all stored at one and the same moment: what a front cache may answer with. */

import type { LiveRecord, StoredRecord } from '../backend.js';
import { isExpired } from '../expiry.js';
import type { Change } from '../ports.js';
import { isConfirmed, rankOf } from '../rank.js';
import { headerOf } from '../record.js';
import type { EpochMilliseconds, Milliseconds } from '../session.js';

/** Changes that are told of and not found yet are few; a stranger may tell of any number. */
const mostAnnounced = 2000;

// After a message was missed nobody says which: a storage whose news travel slower than messages has caught up by then.
const settling: Milliseconds = 1000;

interface Dated<Value> {
  readonly value: Value;
  readonly at: EpochMilliseconds;
}

/**
 * Whatever shows that the store has moved on, be it a message, a commit of this tab or a record that reads otherwise than
 * when it was last seen, empties the cache. So no two of its answers, nor one of them and anything read past it, belong to
 * different orders of the same commits (R9).
 */
export class RecordCache {
  readonly #most: number;
  readonly #maxAge: Milliseconds;
  readonly #now: () => EpochMilliseconds;
  /** The least recently used first. */
  readonly #kept = new Map<string, Dated<LiveRecord>>();
  /** How records looked, without their data, when the store had not yet moved on. */
  readonly #known = new Map<string, StoredRecord | ReturnType<typeof headerOf>>();
  /** What other tabs say they committed, where it was not found yet: it may come before what it tells of. */
  readonly #announced = new Map<string, Dated<Change>>();
  /** Nothing is kept until so long after this. */
  #unsettledSince: EpochMilliseconds = -Infinity;
  #isDeaf = false;
  #moment = 0;

  constructor(most: number, maxAge: Milliseconds, now: () => EpochMilliseconds) {
    this.#most = most;
    this.#maxAge = maxAge;
    this.#now = now;
  }

  /** Which state of the store the cache shows. To be asked for before reading. */
  get moment(): number {
    return this.#moment;
  }

  find(id: string): LiveRecord | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    this.#kept.delete(id);
    const { value, at } = kept;
    if (!this.#isWithin(this.#maxAge, at) || isExpired(value.expiresAt, this.#now()))
      return undefined;
    this.#kept.set(id, kept);
    return value;
  }

  /**
   * Takes what a read past the cache found.
   *
   * @param begun - the moment before the read
   * @returns what to answer: something newer where that came in meanwhile
   */
  found(id: string, record: StoredRecord | undefined, begun: number): StoredRecord | undefined {
    const isLate = begun !== this.#moment;
    const newer = isLate ? this.find(id) : undefined;
    if (newer !== undefined && rankOf(newer) >= rankOf(record)) return newer;
    if (isLate || !this.isKnown(id, record)) this.moveOn();
    this.#know(id, record);
    if (!isLate) this.#keep(record);
    return record;
  }

  /** Takes what this tab has committed. @param begun - the moment when it was decided */
  committed(written: readonly StoredRecord[], removed: readonly string[], begun: number): void {
    const isLatest = begun === this.#moment;
    this.moveOn();
    for (const id of removed) this.#know(id, undefined);
    for (const record of written) {
      this.#know(record.id, record);
      if (isLatest) this.#keep(record);
    }
  }

  /** Takes what other tabs tell: hints, late, doubled and forged ones among them (R11). */
  told(changes: readonly Change[]): void {
    const news = changes.filter((change) => {
      const known = this.#known.get(change.id);
      return known === undefined || !isConfirmed(known, change);
    });
    if (news.length > 0) this.moveOn();
    for (const change of news) {
      const before = this.#announced.get(change.id)?.value;
      if (before !== undefined && rankOf(before) > rankOf(change)) continue;
      put(this.#announced, change.id, { value: change, at: this.#now() });
    }
    if (this.#announced.size <= mostAnnounced) return;
    // What cannot be remembered must not be missed either.
    this.#announced.clear();
    this.missed();
  }

  /** Messages may have been missed, and are heard again. */
  missed(): void {
    this.moveOn();
    this.#isDeaf = false;
    this.#unsettledSince = this.#now();
  }

  /** No message is heard any more, until something was {@link missed}. */
  goDeaf(): void {
    this.moveOn();
    this.#isDeaf = true;
  }

  /** The store is at a later moment than anything that is kept. */
  moveOn(): void {
    this.#moment++;
    this.#kept.clear();
  }

  /** The store is another one. */
  forget(): void {
    this.moveOn();
    this.#known.clear();
    this.#announced.clear();
  }

  /** Whether a record looks as it did before. */
  isKnown(id: string, record: StoredRecord | undefined): boolean {
    const header = record && headerOf(record);
    return JSON.stringify(header) === JSON.stringify(this.#known.get(id));
  }

  #know(id: string, record: StoredRecord | undefined): void {
    if (record === undefined) this.#known.delete(id);
    else putBounded(this.#known, id, headerOf(record), this.#most);
  }

  #keep(record: StoredRecord | undefined): void {
    // Absence is never kept; nor is an end, which nobody reads often; nor a slot, of which no message tells.
    if (record?.kind !== 'live' || this.#isDeaf) return;
    if (this.#isWithin(settling, this.#unsettledSince)) return;
    const announced = this.#announced.get(record.id);
    if (announced !== undefined) {
      // Nobody is believed for ever: what does not come about was a lie, or is gone already.
      const isTrusted = this.#isWithin(this.#maxAge, announced.at);
      if (isTrusted && !isConfirmed(record, announced.value)) return;
      this.#announced.delete(record.id);
    }
    putBounded(this.#kept, record.id, { value: record, at: this.#now() }, this.#most);
  }

  /** By a wall clock, which may be set back. */
  #isWithin(span: Milliseconds, since: EpochMilliseconds): boolean {
    return Math.abs(this.#now() - since) < span;
  }
}

function put<Value>(map: Map<string, Value>, id: string, value: Value): void {
  map.delete(id);
  map.set(id, value);
}

function putBounded<Value>(map: Map<string, Value>, id: string, value: Value, most: number): void {
  put(map, id, value);
  const [oldest = id] = map.keys();
  if (map.size > most) map.delete(oldest);
}
