/** Scans over records that have no index: all of them are looked at, sorted, and cut into pages. */

import type { ListIdsQuery, LiveRecord, ScanPage, ScanQuery, StoredRecord } from '../backend.js';
import { isExpired } from '../expiry.js';

/** Where a record stands in the order of a scan. */
interface Place {
  readonly at: number | null;
  readonly id: string;
}

/** The page of a scan; what cannot be read is told with the first one. */
export function scanPage(
  query: ScanQuery,
  all: readonly StoredRecord[],
  unreadable: readonly Error[],
): ScanPage {
  const { after, limit } = query;
  const found = all
    .flatMap((record) => {
      const at = timeIn(query, record);
      return at === undefined ? [] : { at, id: record.id, record };
    })
    .filter((place) => after === undefined || inOrder(after, place) < 0)
    .sort(inOrder);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    records: page.map(({ record }) => record),
    unreadable: after === undefined ? unreadable : [],
    ...(last !== undefined && found.length > limit && { next: { at: last.at, id: last.id } }),
  };
}

/** The page of a list of ids. */
export function listPage(query: ListIdsQuery, all: readonly StoredRecord[]): string[] {
  const { owner, aliveAt, after, limit } = query;
  const isListed = (record: StoredRecord): record is LiveRecord =>
    record.kind === 'live' &&
    (owner === undefined || record.owner === owner) &&
    (after === undefined || record.id > after) &&
    !isExpired(record.expiresAt, aliveAt);
  return all
    .filter(isListed)
    .map(({ id }) => id)
    .sort()
    .slice(0, limit);
}

/** @returns the time by which a scan sorts a record; `null` where it sorts by id only; `undefined` if it leaves it out */
function timeIn(query: ScanQuery, record: StoredRecord): number | null | undefined {
  switch (query.by) {
    case 'id':
      return null;
    case 'owner':
      return record.kind === 'live' && record.owner === query.owner ? null : undefined;
    case 'expiresAt':
      return record.kind === 'live' ? upTo(query.until, record.expiresAt) : undefined;
    case 'purgeAt':
      return record.kind === 'tombstone' ? upTo(query.until, record.purgeAt) : undefined;
  }
}

function upTo(until: number, time: number | null): number | undefined {
  return time !== null && time <= until ? time : undefined;
}

function inOrder(one: Place, other: Place): number {
  const byTime = (one.at ?? 0) - (other.at ?? 0);
  if (byTime !== 0) return byTime;
  if (one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
}
