/**
 * Opens the shop's store as the address of the page says:
 * - `?backend=indexeddb`, `localstorage` or `memory`: where sessions lie. Two tabs on one address share them.
 * - `?idle=5000`: the idle timeout in milliseconds, to see a session expire without waiting two minutes.
 */

import { openStore } from 'tabkeep';
import type { Backend, Milliseconds, OpenStoreOptions, SessionStore } from 'tabkeep';
import { localStorageBackend } from 'tabkeep/stores/local-storage';
import { memoryBackend } from 'tabkeep/stores/memory';
import type { Order } from './order.js';

type OnError = NonNullable<OpenStoreOptions<unknown>['onError']>;

/** Each falls back to memory, so that the shop is open even where the browser refuses all storage. */
const backends = {
  indexeddb: undefined, // what `openStore` does by itself: IndexedDB, else localStorage, else memory
  localstorage: () => [localStorageBackend(), memoryBackend()],
  memory: () => [memoryBackend()],
} satisfies Record<string, (() => Backend[]) | undefined>;

export type BackendChoice = keyof typeof backends;

const query = new URLSearchParams(location.search);

export const chosenBackend: BackendChoice =
  (Object.keys(backends) as BackendChoice[]).find((name) => name === query.get('backend')) ??
  'indexeddb';

const twoMinutes: Milliseconds = 120_000;
const thirtyMinutes: Milliseconds = 1_800_000;

export const idleTimeout: Milliseconds = Number(query.get('idle')) || twoMinutes;
export const absoluteTimeout: Milliseconds = thirtyMinutes;

export function openShopStore(onError: OnError): Promise<SessionStore<Order>> {
  return openStore<Order>({
    name: 'leaf-and-kettle',
    backend: backends[chosenBackend]?.(),
    ttl: { idle: idleTimeout, absolute: absoluteTimeout },
    onError,
  });
}

export interface Tally {
  count: number;
}

/** A store of its own for the experiment with two writers, so that it cannot disturb the shop. */
export function openTallyStore(onError: OnError): Promise<SessionStore<Tally>> {
  return openStore<Tally>({
    name: 'leaf-and-kettle-tally',
    backend: backends[chosenBackend]?.(),
    ttl: { idle: twoMinutes },
    onError,
  });
}
