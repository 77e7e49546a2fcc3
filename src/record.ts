/**
 * The stored form of a record, and the check that what lies in storage is one. Any script of the origin can write there,
 * so nothing that is read is trusted (R8).
 */

import type { LiveRecord, Payload, SlotRecord, StoredRecord, Tombstone } from './backend.js';
import { SessionError } from './errors.js';

type WithoutData = Omit<LiveRecord, 'data'> | Tombstone | SlotRecord;

/** All of a record but its data: plain JSON. */
export function headerOf(record: StoredRecord): WithoutData {
  if (record.kind !== 'live') return record;
  const { data: _, ...header } = record;
  return header;
}

/**
 * Builds a record from what was stored.
 *
 * @param header - what {@link headerOf} gave, as it came back from storage; further properties are ignored
 * @param raw - the whole stored value, for the error
 * @param data - makes the payload; called for live records only
 * @throws {@link SessionError} `DECODE_FAILED` with `id` and `raw` when it is not a sound record of that id
 */
export function parseRecord(
  id: string,
  header: unknown,
  raw: unknown,
  data: () => Payload,
): StoredRecord {
  if (typeof header === 'object' && header !== null) {
    const fields = header as Record<string, unknown>;
    if (isSound(id, fields)) {
      if (isTombstone(fields) || isSlot(fields)) return fields as unknown as Tombstone | SlotRecord;
      if (isLive(fields)) return { ...(fields as unknown as LiveRecord), data: data() };
    }
  }
  throw unreadable(id, raw);
}

/** The error for a stored value that cannot be read; the value itself is left as it is. */
export function unreadable(id: string, raw: unknown, cause?: unknown): SessionError {
  return new SessionError(
    'DECODE_FAILED',
    'A stored session cannot be read; it was left as it is.',
    { id, raw, cause },
  );
}

type Fields = Record<string, unknown>;

function isSound(id: string, { id: stored, version, createdAt, updatedAt }: Fields): boolean {
  return (
    stored === id &&
    Number.isSafeInteger(version) &&
    (version as number) >= 1 &&
    isTime(createdAt) &&
    isTime(updatedAt)
  );
}

function isLive({
  kind,
  owner,
  slot,
  expiresAt,
  touchedAt,
  idle,
  absolute,
  schemaVersion,
}: Fields): boolean {
  return (
    kind === 'live' &&
    isTextOrNull(owner) &&
    isTextOrNull(slot) &&
    (expiresAt === null || isTime(expiresAt)) &&
    isTime(touchedAt) &&
    isSpanOrNull(idle) &&
    isSpanOrNull(absolute) &&
    Number.isSafeInteger(schemaVersion)
  );
}

function isTombstone({ kind, reason, successor, lastOwner, purgeAt }: Fields): boolean {
  return (
    kind === 'tombstone' &&
    (reason === 'ended' ||
      reason === 'expired' ||
      (reason === 'rotated' && typeof successor === 'string')) &&
    isTextOrNull(successor) &&
    isTextOrNull(lastOwner) &&
    isTime(purgeAt)
  );
}

function isSlot({ kind, target }: Fields): boolean {
  return kind === 'slot' && typeof target === 'string';
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function isSpanOrNull(value: unknown): boolean {
  return value === null || (isTime(value) && (value as number) > 0);
}
