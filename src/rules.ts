/**
 * Every rule of a session's life, as pure decide functions. A backend runs them atomically; nothing else in the library
 * decides what may be written.
 */

import type { Decide, LiveRecord, Payload, StoredRecord, Tombstone } from './backend.js';
import { expiresAt, isExpired, isTouchDue } from './expiry.js';
import type { EndReason, EpochMilliseconds } from './session.js';
import {
  alive,
  aliveOrAbsent,
  checkOverwritable,
  checkVersion,
  collision,
  conflict,
  ended,
  mustLive,
  successorOf,
  type RuleContext,
} from './standing.js';
import { bury, next, point, type Given } from './succession.js';

/** What a write came to. */
export interface Outcome {
  readonly record: LiveRecord;
  readonly written: readonly StoredRecord[];
}

/** Which record a write goes on from; throws where there may be no write. */
export type Admit = (
  record: StoredRecord | undefined,
  now: EpochMilliseconds,
) => StoredRecord | undefined;

/** Every write of one session: what is there is compared and replaced in one transaction (R2). */
export function write(
  context: RuleContext,
  id: string,
  admit: Admit,
  give: (living: LiveRecord | undefined) => Given,
): Decide<Outcome> {
  return (current) => {
    const now = context.now();
    const before = admit(current.get(id), now);
    const living = alive(before, now);
    if (living !== undefined) checkOverwritable(context, living);
    return written(next(context, id, before, give(living), now));
  };
}

/** `create`. R3: never overwrites. R4: an ended id starts anew only on purpose, its version going on from where it was. */
export function isFree(context: RuleContext, id: string, replaceEnded: boolean): Admit {
  return (record, now) => {
    if (alive(record, now) !== undefined) throw collision(id);
    if (record !== undefined && !replaceEnded) throw ended(record);
    // Of a life that is over nothing stays but the version.
    return record?.kind === 'live' ? bury(context, record, 'expired', now) : record;
  };
}

/** `save` and `saveIfVersion`. R4: never onto what has ended. */
export function isAtVersion(context: RuleContext, id: string, expected: number | undefined): Admit {
  return (record, now) => {
    const living = aliveOrAbsent(record, now);
    checkVersion(context, id, living, expected);
    return living;
  };
}

/** `update`. */
export function isAlive(id: string): Admit {
  return (record, now) => mustLive(record, id, now);
}

export interface Rotation {
  readonly id: string;
  readonly successor: string;
  /** Absent: the data moves along. */
  readonly data?: Payload | undefined;
  readonly expectedVersion?: number | undefined;
}

/**
 * R5: of two rotations of one id the first wins, the other learns the successor. R10: the tombstone, the successor and
 * the slot that points to the session change together.
 *
 * @param asked - the ids of the transaction
 * @returns the id of the slot when it has to be asked for as well
 */
export function rotate(
  context: RuleContext,
  { id, successor, data, expectedVersion }: Rotation,
  asked: readonly string[],
): Decide<Outcome | string> {
  return (current) => {
    const now = context.now();
    const found = current.get(id);
    const winner = successorOf(found);
    if (winner !== undefined) {
      const actual = found!.version;
      throw conflict({ id, expected: expectedVersion ?? null, actual, successor: winner });
    }
    const before = mustLive(found, id, now);
    const { slot } = before;
    checkVersion(context, id, before, expectedVersion);
    checkOverwritable(context, before);
    if (slot !== null && !asked.includes(slot)) return { result: slot };
    if (current.get(successor) !== undefined) throw collision(successor);
    const moved = next(
      context,
      successor,
      before,
      { data: data ?? before.data, life: before },
      now,
    );
    return written(
      data === undefined ? { ...moved, schemaVersion: before.schemaVersion } : moved,
      bury(context, before, 'rotated', now, successor),
      ...(slot === null ? [] : [point(slot, successor, current.get(slot), now)]),
    );
  };
}

/** R6: extends the idle timeout and leaves the version alone; writes only when that is worth it. */
export function touch(context: RuleContext, id: string): Decide<Outcome | undefined> {
  return (current) => {
    const now = context.now();
    const record = aliveOrAbsent(current.get(id), now);
    if (record === undefined) return { result: undefined };
    checkOverwritable(context, record);
    const extended = expiresAt(now, record.createdAt, record);
    const isLonger = (extended ?? 0) > (record.expiresAt ?? 0);
    return isLonger && isTouchDue(now, record.touchedAt, record.idle)
      ? written({ ...record, expiresAt: extended, touchedAt: now })
      : { result: { record, written: [] } };
  };
}

/** R4: `delete`. An ended or absent id is left as it is. */
export function end(
  context: RuleContext,
  id: string,
  ifVersion: number | undefined,
): Decide<Tombstone[]> {
  return buryWhere(context, [id], 'ended', (record, now) => {
    if (alive(record, now) === undefined) return false;
    checkVersion(context, id, record, ifVersion);
    return true;
  });
}

/** `endAll`: those of `ids` that live and still belong to the owner. */
export function endOwned(
  context: RuleContext,
  ids: readonly string[],
  owner: string,
): Decide<Tombstone[]> {
  return buryWhere(context, ids, 'ended', (record, now) => alive(record, now)?.owner === owner);
}

/** R7: a sweep asks again whether each has expired, so that a touch that came between wins. */
export function expire(context: RuleContext, ids: readonly string[]): Decide<Tombstone[]> {
  return buryWhere(context, ids, 'expired', (record, now) => isExpired(record.expiresAt, now));
}

function buryWhere(
  context: RuleContext,
  ids: readonly string[],
  reason: EndReason,
  isOver: (record: LiveRecord, now: EpochMilliseconds) => boolean,
): Decide<Tombstone[]> {
  return (current) => {
    const now = context.now();
    const tombstones = ids
      .map((id) => current.get(id))
      .filter((record) => record?.kind === 'live')
      .filter((record) => isOver(record, now))
      .map((record) => bury(context, record, reason, now));
    return { write: tombstones, result: tombstones };
  };
}

/** Forgets tombstones past their time. */
export function forget(context: RuleContext, ids: readonly string[]): Decide<Tombstone[]> {
  return (current) => {
    const now = context.now();
    const isForgettable = (record: StoredRecord | undefined): boolean =>
      record?.kind === 'tombstone' && record.purgeAt <= now;
    return { remove: ids.filter((id) => isForgettable(current.get(id))), result: [] };
  };
}

/** Clearing ends every session, so it leaves tombstones too: a late writer must not bring one back (R4). */
export function clear(context: RuleContext, records: readonly StoredRecord[]): Tombstone[] {
  const now = context.now();
  return records
    .filter((record) => record.kind !== 'slot')
    .map((record) => (record.kind === 'live' ? bury(context, record, 'ended', now) : record))
    .filter(({ purgeAt }) => purgeAt > now);
}

/** Where a slot points now, when that is not where the caller thought. */
export interface Moved {
  readonly target: string | undefined;
}

/**
 * Lets a slot point to a new session, if it still points to what the caller saw and that is over. Of all tabs that start a
 * session in one slot, one succeeds.
 *
 * @returns the session that was begun, or the living one that was found
 */
export function occupySlot(
  context: RuleContext,
  slot: string,
  seen: string | undefined,
  id: string,
  given: Given,
): Decide<Outcome | Moved> {
  return (current) => {
    const now = context.now();
    const before = current.get(slot);
    const target = targetOf(before);
    if (target !== seen) return { result: { target } };
    const found = seen === undefined ? undefined : current.get(seen);
    if (isInSlot(found, slot, now)) return { result: { record: found, written: [] } };
    if (current.get(id) !== undefined) throw collision(id);
    return written(
      next(context, id, undefined, { ...given, slot }, now),
      point(slot, id, before, now),
    );
  };
}

/**
 * Whether a slot's session lives. A rotation takes the slot along, so there is nothing to look for behind a tombstone; and
 * a new life of an ended id, begun on purpose, is no longer the slot's.
 */
export function isInSlot(
  record: StoredRecord | undefined,
  slot: string,
  now: EpochMilliseconds,
): record is LiveRecord {
  return alive(record, now)?.slot === slot;
}

/** The id of the session that a slot points to. */
export function targetOf(slot: StoredRecord | undefined): string | undefined {
  return slot?.kind === 'slot' ? slot.target : undefined;
}

function written(
  record: LiveRecord,
  ...others: StoredRecord[]
): { write: StoredRecord[]; result: Outcome } {
  const all = [record, ...others];
  return { write: all, result: { record, written: all } };
}
