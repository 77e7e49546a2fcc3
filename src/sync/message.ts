/** What tabs say to each other. Any script of the origin can say it too, so nothing is believed for its looks (R11). */

import type { Change } from '../ports.js';
import { isWellFormedId } from '../session-id.js';

/** Goes up when a tab of an older version could misread a message; such a tab then ignores it. */
export const protocol = 1;

/** More changes than this are told in several messages, and a longer message is nobody's of ours. */
export const mostChanges = 1000;

/** One message between tabs. */
export interface SyncMessage {
  readonly protocol: typeof protocol;
  /** Who sends: a random id for as long as the store is open. */
  readonly from: string;
  /** Counts the messages of one sender from 1, so that a gap shows that one was lost. */
  readonly seq: number;
  readonly changes: readonly Change[];
}

/** Whether something received is a message of this protocol, sound in every field. */
export function isSyncMessage(message: unknown): message is SyncMessage {
  if (!isObject(message)) return false;
  const { protocol: spoken, from, seq, changes } = message;
  return (
    spoken === protocol &&
    isWellFormedId(from) &&
    isCount(seq) &&
    Array.isArray(changes) &&
    changes.length <= mostChanges &&
    changes.every(isChange)
  );
}

const kinds = new Set<unknown>([
  'saved',
  'touched',
  'rotated',
  'ended',
  'expired',
] satisfies Change['kind'][]);

function isChange(change: unknown): change is Change {
  if (!isObject(change)) return false;
  const { id, version, kind, successor, expiresAt } = change;
  return (
    isWellFormedId(id) &&
    isCount(version) &&
    kinds.has(kind) &&
    (successor === undefined || isWellFormedId(successor)) &&
    (expiresAt === undefined || expiresAt === null || Number.isFinite(expiresAt))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
