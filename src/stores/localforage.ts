/** `tabkeep/stores/localforage`: sessions in a localForage instance that the app has already. */

import type { Backend } from '../backend.js';
import type { Codec } from '../codec.js';
import { lockManager } from '../environment.js';
import type { Witness } from './epoch.js';
import type { KeyValue } from './journaled-store.js';
import { KeyValueBackend } from './key-value.js';
import { databaseWitness } from './witness-database.js';
import { itemWitness } from './witness.js';

/** What is used of a localForage instance: that of localForage 1.10, or anything that behaves like it. */
export interface LocalForageInstance {
  getItem(key: string): Promise<unknown>;
  setItem(key: string, value: unknown): Promise<unknown>;
  removeItem(key: string): Promise<unknown>;
  keys(): Promise<string[]>;
  /** The driver in use, once it is ready. */
  driver?(): string;
  /** Tells instances of one origin apart. */
  config?(): { readonly name?: string | undefined; readonly storeName?: string | undefined };
}

/** Options of {@link localForageBackend}. */
export interface LocalForageBackendOptions {
  /** Web Locks, between all tabs that share the instance. Default: those of the browser; `null`: none. */
  readonly locks?: LockManager | null | undefined;
  /** Default: superjson, loaded when it is first needed. */
  readonly codec?: Codec | undefined;
}

/**
 * A {@link Backend} in a localForage instance, whichever driver it uses. For an app that has one; others do better with
 * `indexedDBBackend`, which needs no codec, no locks, and has indexes.
 *
 * Concurrency: as `localStorageBackend`
 * Durability:  that of the driver: `relaxed` on IndexedDB, else `eventual`
 * Crashes:     as `localStorageBackend`
 *
 * @param instance - `localforage` itself, or what `localforage.createInstance` gave. Its keys that begin with `tabkeep:`
 *   are used, the others are left alone
 * @example
 * ```ts
 * import localforage from 'localforage';
 * import { openStore } from 'tabkeep/core';
 * import { localForageBackend } from 'tabkeep/stores/localforage';
 *
 * const backend = localForageBackend(localforage);
 * const store = await openStore<{ items: string[] }>({ name: 'basket', backend });
 * ```
 */
export function localForageBackend(
  instance: LocalForageInstance,
  options: LocalForageBackendOptions = {},
): Backend {
  const locks = (): LockManager | undefined =>
    options.locks === null ? undefined : (options.locks ?? lockManager());
  return new KeyValueBackend({
    name: 'localForage',
    capabilities: () => ({
      shared: 'origin',
      atomic: locks() !== undefined,
      persistent: true,
      durability: instance.driver?.() === 'asyncStorage' ? 'relaxed' : 'eventual',
      structuredClone: false,
    }),
    async find() {
      // The first answer comes once a driver was found.
      await instance.getItem('tabkeep');
      const { name = '', storeName = '' } = instance.config?.() ?? {};
      const parts = ['localForage', instance.driver?.() ?? '', name, storeName];
      return {
        keyValue: localForageStore(instance),
        area: parts.map(encodeURIComponent).join('/'),
        witness: witnesses[instance.driver?.() ?? ''],
      };
    },
    locks,
    codec: options.codec,
  });
}

/** By driver: what lies in IndexedDB is lost with IndexedDB, so its witness lies elsewhere. */
const witnesses: Partial<Record<string, (prefix: string, area: string) => Witness>> = {
  asyncStorage: itemWitness,
  localStorageWrapper: databaseWitness,
};

function localForageStore(instance: LocalForageInstance): KeyValue {
  return {
    async read(keys) {
      const values = await Promise.all(keys.map((key) => instance.getItem(key)));
      return new Map(keys.map((key, index) => [key, values[index] ?? null]));
    },
    async write(entries, turn) {
      for (const [key, value] of entries) {
        await turn.renew();
        if (value === null) await instance.removeItem(key);
        else await instance.setItem(key, value);
      }
    },
    keys: () => instance.keys(),
  };
}
