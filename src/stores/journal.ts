import { SessionError } from '../errors.js';
import type { Entry } from './journaled-store.js';

/**
 * What a journal says is about to be written. Any script of the origin can write one, so it may change records only.
 *
 * @param recordPrefix - begins the key of every record
 */
export function parseJournal(
  journal: unknown,
  recordPrefix: string,
  onError: (error: unknown) => void,
): Entry[] {
  const isChange = (entry: unknown): boolean => {
    if (!Array.isArray(entry)) return false;
    const [key, value] = entry as unknown[];
    if (typeof key !== 'string' || !key.startsWith(recordPrefix)) return false;
    return value === null || typeof value === 'string';
  };
  try {
    const entries: unknown = JSON.parse(journal as string);
    if (Array.isArray(entries) && entries.every(isChange)) return entries as Entry[];
  } catch {
    // Told below.
  }
  const text = 'A journal cannot be read; it was dropped.';
  onError(new SessionError('DECODE_FAILED', text, { raw: journal }));
  return [];
}
