/** Looks into IndexedDB with nothing of tabkeep in between: what lies there, swept or not. */

import type { Log } from '../demo/extension/kitchen.js';

/** A row of a store, as it lies there. */
export interface Row {
  readonly id: string;
  readonly kind: 'live' | 'tombstone';
  readonly reason?: string;
  readonly expiresAt?: number;
  readonly data?: unknown;
}

/** Everything in the database of a store; runs in whatever page or worker it is sent to. */
export async function rowsOf(name: string): Promise<Row[]> {
  const settled = <Result>(request: IDBRequest<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(new Error(String(request.error))));
    });
  const databases = await indexedDB.databases();
  // Opening it would create it.
  if (!databases.some((database) => database.name === `tabkeep:${name}`)) return [];
  const opened = await settled(indexedDB.open(`tabkeep:${name}`));
  const rows = await settled(opened.transaction('records').objectStore('records').getAll());
  opened.close();
  return rows;
}

/** What the worker wrote into its log. */
export function entriesOf(rows: readonly Row[]): Log['entries'] {
  return rows.flatMap(({ data }) => (isLog(data) ? data.entries : []));
}

const isLog = (data: unknown): data is Log =>
  typeof data === 'object' && data !== null && 'entries' in data;
