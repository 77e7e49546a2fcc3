/** Session ids: how they are drawn, and which are well formed. */

import { randomBytes } from './environment.js';
import { SessionError } from './errors.js';

/**
 * A new session id: 256 random bits as 43 characters that are safe in URLs and file names.
 *
 * @throws TypeError where the platform has no secure source of randomness: then `openStore` needs `generateId`
 * @see OWASP ASVS 5.0, 7.2.3 (at least 128 bits from a CSPRNG) and 11.5.1 (a UUID does not do). `crypto.randomUUID` is
 *   also missing on plain-http origins, `getRandomValues` is not.
 */
export function generateSessionId(): string {
  const base64 = btoa(String.fromCharCode(...randomBytes(32)));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
}

const longestId = 256;

// C0, DEL, C1; and surrogates without their other half, which have no UTF-8 form.
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;

/** Whether a string is well-formed Unicode without control characters, 1 to 256 UTF-16 code units long. */
export function isWellFormedId(id: unknown): id is string {
  // `__proto__` is a setter on every object that somebody may one day use as a map.
  return (
    typeof id === 'string' &&
    id.length > 0 &&
    id.length <= longestId &&
    id !== '__proto__' &&
    !forbidden.test(id)
  );
}

/**
 * @throws {@link SessionError} `INVALID_ID` unless `id` may name a session
 */
export function checkId(id: unknown): asserts id is string {
  if (isWellFormedId(id)) return;
  throw new SessionError(
    'INVALID_ID',
    'a session id is 1 to 256 characters, no control characters',
    {
      id: id as string,
    },
  );
}

const slotPrefix = '\u0001slot:';

/**
 * The id of the record that a slot of `current()` lives in. It starts with a control character, so it can never be the
 * id of a session.
 */
export function slotRecordId(slot: unknown): string {
  checkId(slot);
  return slotPrefix + slot;
}

/** Whether an id is one of the library's own records. */
export function isInternalId(id: string): boolean {
  return id.startsWith('\u0001');
}
