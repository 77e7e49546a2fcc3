/** `tabkeep/stores/local-storage`: sessions in localStorage. */

import type { Backend } from '../backend.js';
import type { Codec } from '../codec.js';
import { localStorageArea, lockManager, sessionStorageArea } from '../environment.js';
import { SessionError } from '../errors.js';
import { KeyValueBackend } from './key-value.js';
import { storageAreaStore } from './storage-area.js';
import { databaseWitness } from './witness-database.js';

/** Options of {@link localStorageBackend}. */
export interface LocalStorageBackendOptions {
  /** Default: `localStorage`. `sessionStorage` makes sessions of one tab. */
  readonly storage?: Storage | undefined;
  /** Web Locks, between all tabs that share the storage. Default: those of the browser; `null`: none. */
  readonly locks?: LockManager | null | undefined;
  /** Default: superjson, loaded when it is first needed. */
  readonly codec?: Codec | undefined;
}

/**
 * A {@link Backend} in localStorage: about 5 million characters an origin, in pages only. Use it where there is no
 * IndexedDB, or where the app needs what it stores to be readable at a glance.
 *
 * Concurrency: atomic between tabs (R2), as no Web Lock alone makes it: each commit waits until this tab's view of storage
 *   shows the one before. After the last writer's tab was closed, the next commit waits 250 ms. On a plain-http origin there
 *   are no Web Locks: `capabilities.atomic` is false, and only this tab's own commits follow each other
 * Durability:  `eventual`. A closed or crashed tab loses nothing; killing the whole browser may lose the last minute
 * Wipes:       told of (R16); the witness from one visit to the next lies in IndexedDB, unless a `storage` is given
 * Crashes:     a change of several records is all or nothing (R10). In a storage so full that the journal of the change has
 *   no room, sessions still end one by one, and a crash may come between
 *
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { localStorageBackend } from 'tabkeep/stores/local-storage';
 *
 * const store = await openStore<{ items: string[] }>({ name: 'drafts', backend: localStorageBackend() });
 * ```
 */
export function localStorageBackend(options: LocalStorageBackendOptions = {}): Backend {
  const { storage, codec } = options;
  const isOneTabs = storage !== undefined && isSessionStorage(storage);
  // Other tabs have a sessionStorage of their own: there is nobody to wait for.
  const locks = (): LockManager | undefined =>
    isOneTabs || options.locks === null ? undefined : (options.locks ?? lockManager());
  return new KeyValueBackend({
    name: 'localStorage',
    capabilities: () => ({
      shared: isOneTabs ? 'tab' : 'origin',
      atomic: isOneTabs || locks() !== undefined,
      persistent: !isOneTabs,
      durability: isOneTabs ? 'none' : 'eventual',
      structuredClone: false,
    }),
    async find() {
      const found = storage ?? localStorageArea();
      // Android's WebView gives `null` where it was not switched on.
      // Another storage than the browser's own may be wiped in its own ways.
      const witness = storage === undefined ? databaseWitness : undefined;
      if (found) return { keyValue: storageAreaStore(found), area: 'localStorage', witness };
      throw new SessionError('STORE_UNAVAILABLE', 'There is no localStorage here.');
    },
    locks,
    codec,
  });
}

function isSessionStorage(storage: Storage): boolean {
  try {
    return storage === sessionStorageArea();
  } catch {
    // Looking at it is refused, so it cannot have been given.
    return false;
  }
}
