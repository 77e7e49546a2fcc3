/**
 * `tabkeep`: the entry with the defaults of a browser. Sessions lie in IndexedDB, else in localStorage, else in memory;
 * tabs are kept in step; what has expired is swept.
 */

import type { Backend } from './backend.js';
import { systemClock } from './clock.js';
import type { OpenStoreOptions, SessionStore } from './session.js';
import { openStore as openBareStore } from './store.js';
import { fallbackBackend } from './stores/fallback.js';
import { indexedDBBackend } from './stores/indexeddb.js';
import { localStorageBackend } from './stores/local-storage.js';
import { memoryBackend } from './stores/memory.js';
import { tabSync } from './sync/index.js';
import { intervalSweeper } from './sync/sweepers.js';

export * from './core.js';

/** {@link OpenStoreOptions} of which only `name` is needed. `null` for `sync` or `sweeper` goes without. */
export type OpenBrowserStoreOptions<Data> = Omit<OpenStoreOptions<Data>, 'backend'> & {
  /** Default: IndexedDB, localStorage, memory; the first that takes a real write. */
  readonly backend?: Backend | readonly Backend[] | undefined;
};

/**
 * Opens a {@link SessionStore} with the defaults of a browser. Use `openStore` of `tabkeep/core` to choose each part, and
 * to ship only what you choose.
 *
 * Concurrency: any number of tabs, workers and frames may be open on one name; all see one order of changes (R9)
 *
 * @returns the store, once a backend has taken a real write
 * @throws TypeError, RangeError when an option is not what it should be
 * @example
 * ```ts
 * import { openStore } from 'tabkeep';
 *
 * const store = await openStore<{ items: string[] }>({ name: 'cart', ttl: { idle: 30 * 60_000 } });
 * const session = await store.current({ create: () => ({ items: [] }) });
 * await session.update((cart) => void cart.items.push('tea'));
 * ```
 */
export function openStore<Data>(
  options: OpenBrowserStoreOptions<Data>,
): Promise<SessionStore<Data>> {
  const { backend, sync, sweeper, clock = systemClock, ...rest } = options;
  return openBareStore<Data>({
    ...rest,
    clock,
    backend: backend ?? fallbackBackend(defaultBackends(), { clock }),
    sync: sync === undefined ? tabSync() : sync,
    sweeper: sweeper === undefined ? intervalSweeper({ clock }) : sweeper,
  });
}

function defaultBackends(): Backend[] {
  return [indexedDBBackend(), localStorageBackend(), memoryBackend()];
}
