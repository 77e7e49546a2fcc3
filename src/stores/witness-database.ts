/** The witness of a store that lies in localStorage: a row in a small database of its own. */

import { indexedDBFactory } from '../environment.js';
import type { Witness } from './epoch.js';

// Databases of stores begin with `tabkeep:`, and no name makes one of them this.
const databaseName = 'tabkeep-witness';
const storeName = 'epochs';

/**
 * @param prefix - begins the keys of a namespace
 * @param area - tells stores of one namespace apart
 */
export function databaseWitness(prefix: string, area: string): Witness {
  const key = prefix + area;
  return {
    read: () =>
      use('readonly', async (epochs) => {
        const id: unknown = await answer(epochs.get(key));
        return typeof id === 'string' ? id : undefined;
      }),
    write: (id) => use('readwrite', (epochs) => answer(epochs.put(id, key))),
  };
}

/** Connected no longer than it takes: a page in the back/forward cache must hold no connection. */
async function use<Result>(
  mode: IDBTransactionMode,
  work: (epochs: IDBObjectStore) => Promise<Result>,
): Promise<Result | undefined> {
  try {
    const request = indexedDBFactory()?.open(databaseName, 1);
    if (request === undefined) return undefined;
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(storeName));
    const database = await answer(request);
    try {
      return await work(database.transaction(storeName, mode).objectStore(storeName));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

function answer<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    // oxlint-disable-next-line prefer-promise-reject-errors -- a DOMException is what it is
    request.addEventListener('error', () => reject(request.error));
  });
}
