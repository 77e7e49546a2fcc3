/** Pages of records and of ids, by key ranges of the indexes. */

import { wrap } from 'idb';
import type { ListIdsQuery, ScanCursor, ScanPage, ScanQuery } from '../backend.js';
import { keyRanges } from '../environment.js';
import type { EpochMilliseconds } from '../session.js';
import { answered, parseRows, recordsIn, type Row } from './indexeddb-records.js';

// In the order of keys, binary keys come after every string. https://w3c.github.io/IndexedDB/#compare-two-keys
const aboveStrings = new Uint8Array(1);
// The last one below every session id; the library's own ids begin with a lower one.
const belowIds = '\u001f';

export async function scan(database: IDBDatabase, query: ScanQuery): Promise<ScanPage> {
  const store = recordsIn(database);
  const source = query.by === 'id' ? store : store.index(query.by);
  const rows: Row[] = await wrap(source.getAll(rangeOf(query), countOf(query.limit)));
  const last = rows.length === query.limit ? rows.at(-1) : undefined;
  return { ...parseRows(rows), next: last && cursorOf(query, last) };
}

/**
 * Ids by keys alone: what has ended or expired is known from the indexes, so no data is read. Costs the page and what has
 * expired, and, without an owner, the tombstones.
 */
export async function listIds(
  database: IDBDatabase,
  { owner, aliveAt, after = '', limit }: ListIdsQuery,
): Promise<string[]> {
  const store = recordsIn(database);
  const ranges = keyRanges();
  const dead = [store.index('expiresAt').getAllKeys(ranges.upperBound([aliveAt, aboveStrings]))];
  if (owner === undefined) dead.push(store.index('purgeAt').getAllKeys());
  await answered(dead);
  const gone = new Set(dead.flatMap(({ result }) => result));
  const [source, lower, upper] =
    owner === undefined
      ? [store, after > belowIds ? after : belowIds, aboveStrings]
      : [store.index('owner'), [owner, after], [owner, aboveStrings]];
  // However many of them are gone, the page is filled.
  const count = countOf(limit + gone.size);
  const keys = await wrap(source.getAllKeys(ranges.bound(lower, upper, true, true), count));
  return (keys as string[]).filter((id) => !gone.has(id)).slice(0, limit);
}

function rangeOf(query: ScanQuery): IDBKeyRange | undefined {
  const { after } = query;
  const ranges = keyRanges();
  switch (query.by) {
    case 'id':
      return after && ranges.lowerBound(after.id, true);
    case 'owner':
      return ranges.bound([query.owner, after?.id ?? ''], [query.owner, aboveStrings], true, true);
    case 'expiresAt':
    case 'purgeAt':
      return ranges.bound(
        after ? [after.at, after.id] : [-Infinity],
        [query.until, aboveStrings],
        true,
        true,
      );
  }
}

function cursorOf({ by }: ScanQuery, row: Row): ScanCursor {
  const timed = by === 'expiresAt' || by === 'purgeAt';
  return { at: timed ? (row[by] as EpochMilliseconds) : null, id: row.id };
}

/** The count of a request is an unsigned long: Infinity would throw. */
function countOf(limit: number): number {
  return Math.min(limit, 2 ** 32 - 1);
}
