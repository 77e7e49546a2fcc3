/** The records that follow one another in the life of a session. */

import type { LiveRecord, Payload, SlotRecord, StoredRecord, Tombstone } from './backend.js';
import { expiresAt, type Lifetime } from './expiry.js';
import type { EndReason, EpochMilliseconds } from './session.js';
import type { RuleContext } from './standing.js';

/** What a write gives a session; an absent owner or slot stays as it is. */
export interface Given {
  readonly data: Payload;
  readonly life: Lifetime;
  readonly owner?: string | null | undefined;
  readonly slot?: string | null;
}

/**
 * R1: one version further than what was there, be it the session itself or what an ended one left. A write is activity, so
 * the idle timeout starts anew; the absolute one does not.
 */
export function next(
  { schemaVersion }: RuleContext,
  id: string,
  before: StoredRecord | undefined,
  { data, life, owner, slot }: Given,
  now: EpochMilliseconds,
): LiveRecord {
  const same = before?.kind === 'live' ? before : undefined;
  const createdAt = same?.createdAt ?? now;
  return {
    kind: 'live',
    id,
    version: (before?.version ?? 0) + 1,
    owner: (owner === undefined ? same?.owner : owner) ?? null,
    slot: (slot === undefined ? same?.slot : slot) ?? null,
    createdAt,
    updatedAt: now,
    touchedAt: now,
    idle: life.idle,
    absolute: life.absolute,
    expiresAt: expiresAt(now, createdAt, life),
    schemaVersion,
    data,
  };
}

/** R4: what is left of a session that is over. */
export function bury(
  { tombstoneTtl }: RuleContext,
  { id, version, createdAt, owner }: LiveRecord,
  reason: EndReason,
  now: EpochMilliseconds,
  successor: string | null = null,
): Tombstone {
  return {
    kind: 'tombstone',
    id,
    version,
    reason,
    successor,
    lastOwner: owner,
    createdAt,
    updatedAt: now,
    purgeAt: now + tombstoneTtl,
  };
}

/** A slot that points to another session now. */
export function point(
  id: string,
  target: string,
  before: StoredRecord | undefined,
  now: EpochMilliseconds,
): SlotRecord {
  const version = (before?.version ?? 0) + 1;
  return { kind: 'slot', id, version, target, createdAt: before?.createdAt ?? now, updatedAt: now };
}
