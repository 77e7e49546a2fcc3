/**
 * `tabkeep/core`: the bare entry. Nothing third-party, no global read; every part is given by the caller.
 */

export { openStore } from './store.js';
export { SessionError, isSessionError, sessionErrorCodes } from './errors.js';
export type { SessionErrorCode, SessionErrorDetails } from './errors.js';
export { clockFrom, systemClock } from './clock.js';
export type { Clock, Timer } from './clock.js';
export { generateSessionId } from './session-id.js';
export { parseRecord, headerOf } from './record.js';
export type { Codec } from './codec.js';
export type * from './session.js';
export type * from './backend.js';
export type * from './ports.js';
export type * from './standard-schema.js';
