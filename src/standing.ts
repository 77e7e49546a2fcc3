/** How things stand with an id, and what the rules refuse to do about it. */

import type { LiveRecord, StoredRecord } from './backend.js';
import { SessionError, type SessionErrorDetails } from './errors.js';
import { isExpired } from './expiry.js';
import type { EpochMilliseconds, Milliseconds, Session } from './session.js';

/** What the rules need to know of the store they work for. */
export interface RuleContext {
  readonly now: () => EpochMilliseconds;
  readonly tombstoneTtl: Milliseconds;
  readonly schemaVersion: number;
  /** Shows a caller the session that made its write fail. */
  readonly present: (record: LiveRecord) => Session<unknown>;
}

/** The session of a record, if it lives: an expired one has ended, swept or not (R4, R6). */
export function alive(
  record: StoredRecord | undefined,
  now: EpochMilliseconds,
): LiveRecord | undefined {
  return record?.kind === 'live' && !isExpired(record.expiresAt, now) ? record : undefined;
}

/** The id that a session was rotated to. */
export function successorOf(record: StoredRecord | undefined): string | undefined {
  return record?.kind === 'tombstone' ? (record.successor ?? undefined) : undefined;
}

/** The living session; `undefined` when there never was one. @throws `SESSION_ENDED` (R4) */
export function aliveOrAbsent(
  record: StoredRecord | undefined,
  now: EpochMilliseconds,
): LiveRecord | undefined {
  const living = alive(record, now);
  if (record !== undefined && living === undefined) throw ended(record);
  return living;
}

/** @throws `SESSION_ENDED`, `SESSION_NOT_FOUND` */
export function mustLive(
  record: StoredRecord | undefined,
  id: string,
  now: EpochMilliseconds,
): LiveRecord {
  const living = aliveOrAbsent(record, now);
  if (living === undefined) throw new SessionError('SESSION_NOT_FOUND', 'no such session', { id });
  return living;
}

/** R2. @throws `VERSION_CONFLICT` with what is there instead */
export function checkVersion(
  context: RuleContext,
  id: string,
  record: LiveRecord | undefined,
  expected: number | undefined,
): void {
  const actual = record?.version ?? 0;
  if (expected === undefined || expected === actual) return;
  if (record !== undefined) checkReadable(context, record);
  throw conflict({ id, expected, actual, current: record && context.present(record) });
}

/** R13: what a newer version of the app wrote is beyond this one. @throws `SCHEMA_TOO_NEW` */
export function checkReadable({ schemaVersion }: RuleContext, record: LiveRecord): void {
  if (record.schemaVersion <= schemaVersion) return;
  const { id, data } = record;
  throw new SessionError('SCHEMA_TOO_NEW', `written by schemaVersion ${record.schemaVersion}`, {
    id,
    raw: data.value(),
  });
}

/** R8: nothing is written over data that could not be decoded; decoding it is the only way to know. */
export function checkOverwritable(context: RuleContext, record: LiveRecord): void {
  checkReadable(context, record);
  context.present(record);
}

export function conflict(details: SessionErrorDetails): SessionError {
  return new SessionError('VERSION_CONFLICT', 'another writer was first', details);
}

export function collision(id: string): SessionError {
  return new SessionError('ID_COLLISION', 'the session id is taken', { id });
}

export function ended(record: StoredRecord): SessionError {
  const { id, version: actual } = record;
  const reason = record.kind === 'tombstone' ? record.reason : 'expired';
  const successor = successorOf(record);
  return new SessionError('SESSION_ENDED', `the session has ${reason}`, {
    id,
    actual,
    reason,
    successor,
  });
}
