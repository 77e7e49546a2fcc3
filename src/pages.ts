/** Walks a scan page by page. */

import type { Backend, ScanCursor, ScanPage, ScanQuery } from './backend.js';

type Unpaged<Query> = Query extends unknown ? Omit<Query, 'after' | 'limit'> : never;

// Short, so that whatever is done with a page never makes a user's write wait long.
const pageSize = 100;

export async function* pagesOf(
  backend: Backend,
  query: Unpaged<ScanQuery>,
  after?: ScanCursor,
): AsyncGenerator<ScanPage> {
  let cursor = after;
  do {
    const page = await backend.scan({ ...query, after: cursor, limit: pageSize });
    yield page;
    cursor = page.next;
  } while (cursor !== undefined);
}
