/** Idle and absolute timeouts: the arithmetic of rule R6. */

import type { EpochMilliseconds, Milliseconds, Ttl } from './session.js';

/** The two timeouts of one session as they are stored; `null` = without that limit. */
export interface Lifetime {
  readonly idle: Milliseconds | null;
  readonly absolute: Milliseconds | null;
}

export const unlimited: Lifetime = { idle: null, absolute: null };

/**
 * Reads a `ttl` option over what held before.
 *
 * @throws TypeError when it is no object or holds no numbers
 * @throws RangeError when a span is not above 0 and at most 2^53 − 1
 */
export function lifetimeOf(ttl: Ttl | undefined, before: Lifetime): Lifetime {
  if (ttl === undefined) return before;
  if (typeof ttl !== 'object' || ttl === null) throw new TypeError('ttl must be an object');
  const read = (limit: keyof Lifetime): Milliseconds | null => {
    const span = ttl[limit];
    if (span === undefined) return before[limit];
    return span === null ? null : checkMilliseconds(`ttl.${limit}`, span);
  };
  return { idle: read('idle'), absolute: read('absolute') };
}

/** @throws TypeError, RangeError unless `span` is a number of milliseconds above 0 and at most 2^53 − 1 */
export function checkMilliseconds(name: string, span: unknown): Milliseconds {
  if (typeof span !== 'number') throw new TypeError(`${name} must be a number`);
  if (span > 0 && span <= Number.MAX_SAFE_INTEGER) return span;
  throw new RangeError(`${name} must be above 0 and at most 2^53 - 1 ms, not ${span}`);
}

/** When a session that is active at `now` expires; `null` = never. */
export function expiresAt(
  now: EpochMilliseconds,
  createdAt: EpochMilliseconds,
  { idle, absolute }: Lifetime,
): EpochMilliseconds | null {
  const earliest = Math.min(now + (idle ?? Infinity), createdAt + (absolute ?? Infinity));
  return earliest === Infinity ? null : Math.min(earliest, Number.MAX_SAFE_INTEGER);
}

/** Expired means `now >= expiresAt` (R6). */
export function isExpired(at: EpochMilliseconds | null, now: EpochMilliseconds): boolean {
  return at !== null && now >= at;
}

/** Whether a tenth of the idle timeout has passed since the last extension, so that a touch is worth a write (R6). */
export function isTouchDue(
  now: EpochMilliseconds,
  touchedAt: EpochMilliseconds,
  idle: Milliseconds | null,
): boolean {
  return idle !== null && now - touchedAt >= idle / 10;
}
