/** Walks a scan page by page. */

import type { ScanCursor, ScanQuery, StoredRecord } from './backend.js';
import type { Engine } from './engine.js';
import { isSessionError } from './errors.js';

type Unpaged<Query> = Query extends unknown ? Omit<Query, 'after' | 'limit'> : never;

// Short, so that a sweep of thousands never makes a user's write wait long.
const pageSize = 100;

/** The records of a scan in pages. What cannot be read is left as it is and told, and hides nothing else (R8). */
export async function* pages<Data>(
  { backend, options }: Engine<Data>,
  query: Unpaged<ScanQuery>,
  after?: ScanCursor,
): AsyncGenerator<readonly StoredRecord[]> {
  let cursor = after;
  do {
    const page = await backend.scan({ ...query, after: cursor, limit: pageSize });
    for (const error of page.unreadable) {
      options.onError(error, { during: 'scan', id: isSessionError(error) ? error.id : undefined });
    }
    if (page.records.length > 0) yield page.records;
    cursor = page.next;
  } while (cursor !== undefined);
}
