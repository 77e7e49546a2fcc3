/** The epoch of a database (R16): a row among the facts about the database itself. */

import { wrap } from 'idb';
import { newEpoch, parseEpoch, type Epoch } from './epoch.js';

export const metaName = 'meta';
const key = 'epoch';

/** A database has its epoch from the very transaction that makes it. */
export function createMeta(database: IDBDatabase): void {
  database.createObjectStore(metaName, { keyPath: 'key' }).put({ key, ...newEpoch() });
}

export async function readEpoch(database: IDBDatabase): Promise<Epoch> {
  const row: unknown = await wrap(database.transaction(metaName).objectStore(metaName).get(key));
  return parseEpoch(row) ?? startEpoch(database);
}

/** Another tab, which has missed it as well, may be faster. */
async function startEpoch(database: IDBDatabase): Promise<Epoch> {
  const store = database.transaction(metaName, 'readwrite').objectStore(metaName);
  const found = parseEpoch(await wrap(store.get(key)));
  if (found !== undefined) return found;
  const epoch = newEpoch();
  await wrap(store.put({ key, ...epoch }));
  return epoch;
}

export async function writeEpoch(database: IDBDatabase, epoch: Epoch): Promise<void> {
  const store = database.transaction(metaName, 'readwrite').objectStore(metaName);
  await wrap(store.put({ key, ...epoch }));
}
