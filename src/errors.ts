/** The one error class of tabkeep. Codes are stable under semver, texts are not. */

import type { EndReason, Session } from './session.js';
import type { SchemaIssue } from './standard-schema.js';

/** Every code that a {@link SessionError} may carry. */
export const sessionErrorCodes = [
  'ID_COLLISION',
  'VERSION_CONFLICT',
  'SESSION_ENDED',
  'SESSION_NOT_FOUND',
  'INVALID_ID',
  'INVALID_DATA',
  'ENCODE_FAILED',
  'DECODE_FAILED',
  'SCHEMA_TOO_NEW',
  'QUOTA_EXCEEDED',
  'STORE_UNAVAILABLE',
  'STORE_BLOCKED',
  'STORE_CLOSED',
  'REMOTE_UNREACHABLE',
  'REMOTE_REJECTED',
  'TIMED_OUT',
  'ABORTED',
] as const;

/** One of {@link sessionErrorCodes}. */
export type SessionErrorCode = (typeof sessionErrorCodes)[number];

/** What a {@link SessionError} knows beyond its code; each is present only where the code gives it a meaning. */
export interface SessionErrorDetails {
  readonly cause?: unknown;
  /** The session id concerned. It is a field and not part of the text, since texts end up in logs. */
  readonly id?: string | undefined;
  /** VERSION_CONFLICT: the version the caller expected; `null` when it expected none in particular. */
  readonly expected?: number | null | undefined;
  /** VERSION_CONFLICT, SESSION_ENDED: the version that is stored; 0 when there is none. */
  readonly actual?: number | undefined;
  /** VERSION_CONFLICT: the session as it is now, if it is alive. */
  readonly current?: Session<unknown> | undefined;
  /** VERSION_CONFLICT, SESSION_ENDED: the id that the session was rotated to. */
  readonly successor?: string | undefined;
  /** SESSION_ENDED: how it ended. */
  readonly reason?: EndReason | undefined;
  /** INVALID_DATA: what the schema found. */
  readonly issues?: readonly SchemaIssue[] | undefined;
  /** DECODE_FAILED, SCHEMA_TOO_NEW, INVALID_DATA on load: what is stored, left as it was. */
  readonly raw?: unknown;
}

// The registry symbol is the same in every realm and in every copy of the library, which `instanceof` is not.
const brand = Symbol.for('tabkeep.SessionError');

/**
 * What every tabkeep function throws, misuse (TypeError, RangeError) apart. Ask for a code with {@link isSessionError}.
 */
export class SessionError extends Error {
  readonly code: SessionErrorCode;
  declare readonly id?: SessionErrorDetails['id'];
  declare readonly expected?: SessionErrorDetails['expected'];
  declare readonly actual?: SessionErrorDetails['actual'];
  declare readonly current?: SessionErrorDetails['current'];
  declare readonly successor?: SessionErrorDetails['successor'];
  declare readonly reason?: SessionErrorDetails['reason'];
  declare readonly issues?: SessionErrorDetails['issues'];
  declare readonly raw?: unknown;

  constructor(code: SessionErrorCode, message: string, details: SessionErrorDetails = {}) {
    super(message, details);
    this.code = code;
    Object.assign(this, details);
  }

  override get name(): string {
    return 'SessionError';
  }
}

Object.defineProperty(SessionError.prototype, brand, { value: true });

/**
 * Whether a caught value is a {@link SessionError}, of one code if asked; also when it comes from an iframe, a worker or
 * another copy of the library, where `instanceof` says no.
 *
 * @example
 * ```ts
 * import { isSessionError, openStore } from 'tabkeep/core';
 * import { memoryBackend } from 'tabkeep/stores/memory';
 *
 * const store = await openStore<string>({ name: 'notes', backend: memoryBackend() });
 * const { id } = await store.create('milk');
 * await store.save(id, 'milk, tea');
 * try {
 *   await store.saveIfVersion(id, 'bread', 1);
 * } catch (error) {
 *   if (!isSessionError(error, 'VERSION_CONFLICT')) throw error;
 *   console.log(error.actual, error.current?.data); // 2, 'milk, tea'
 * }
 * ```
 */
export function isSessionError<Code extends SessionErrorCode = SessionErrorCode>(
  error: unknown,
  code?: Code,
): error is SessionError & { readonly code: Code } {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return code === undefined || (error as unknown as SessionError).code === code;
}

/** The name of a DOMException or Error, where a platform tells kinds of failure apart by name. */
export function errorName(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';
}
