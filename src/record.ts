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
  if (!isSound(id, header)) throw unreadable(id, raw);
  return header.kind === 'live' ? { ...header, data: data() } : header;
}

/** The error for a stored value that cannot be read; the value itself is left as it is. */
export function unreadable(id: string, raw: unknown, cause?: unknown): SessionError {
  return new SessionError(
    'DECODE_FAILED',
    'A stored session cannot be read; it was left as it is.',
    { id, raw, cause },
  );
}

type Check = (value: unknown) => boolean;

const isNull: Check = (value) => value === null;
const isText: Check = (value) => typeof value === 'string';
const isTime: Check = (value) => Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isSpan: Check = (value) => isTime(value) && (value as number) > 0;
const isTextOrNull: Check = (value) => isText(value) || isNull(value);
const isTimeOrNull: Check = (value) => isTime(value) || isNull(value);
const isSpanOrNull: Check = (value) => isSpan(value) || isNull(value);

/** What the properties have to be that not every record has, by kind. */
const fieldsOf = {
  live: {
    owner: isTextOrNull,
    slot: isTextOrNull,
    expiresAt: isTimeOrNull,
    touchedAt: isTime,
    idle: isSpanOrNull,
    absolute: isSpanOrNull,
    schemaVersion: isCount,
  },
  tombstone: {
    reason: (value) => ['ended', 'rotated', 'expired'].includes(value as string),
    successor: isTextOrNull,
    lastOwner: isTextOrNull,
    purgeAt: isTime,
  },
  slot: { target: isText },
} satisfies Record<StoredRecord['kind'], Record<string, Check>>;

function isSound(id: string, header: unknown): header is WithoutData {
  const fields = Object(header) as Record<string, unknown> & { kind: StoredRecord['kind'] };
  const { version, createdAt, updatedAt } = fields;
  if (fields['id'] !== id || !Object.hasOwn(fieldsOf, fields.kind)) return false;
  if (!isCount(version) || !isTime(createdAt) || !isTime(updatedAt)) return false;
  if (fields['reason'] === 'rotated' && !isText(fields['successor'])) return false;
  return Object.entries(fieldsOf[fields.kind]).every(([field, check]) => check(fields[field]));
}
