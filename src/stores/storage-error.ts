import { errorName, SessionError } from '../errors.js';

const quotaErrors = ['QuotaExceededError', 'NS_ERROR_DOM_QUOTA_REACHED'];
const quotaCodes: unknown[] = [22, 1014];

/** What a storage of keys and texts has thrown, in our own words. */
export function storageError(error: unknown): SessionError {
  const { code } = Object(error) as { code?: unknown };
  return quotaErrors.includes(errorName(error)) || quotaCodes.includes(code)
    ? new SessionError('QUOTA_EXCEEDED', 'The storage is full.', { cause: error })
    : new SessionError('STORE_UNAVAILABLE', 'The storage has failed.', { cause: error });
}
