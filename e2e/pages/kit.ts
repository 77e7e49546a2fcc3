/** The conformance kit in whatever engine shows this page: `window.kit` runs all of its cases over one place. */

import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import localforage from 'localforage';
import { SessionError, type Backend } from 'tabkeep/core';
import { fallbackBackend } from 'tabkeep/stores/fallback';
import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
import { localForageBackend } from 'tabkeep/stores/localforage';
import { localStorageBackend } from 'tabkeep/stores/local-storage';
import { memoryBackend } from 'tabkeep/stores/memory';
import { conformance, type Expectation, type Place } from 'tabkeep/testing';
import { settling } from '../../src/stores/fence.js';
import { indexedDBPlace, keyValuePlace } from '../../test/places.js';

const overLocalStorage = (backend: () => Backend): Place =>
  keyValuePlace(localStorage, () => Object.keys(localStorage), backend);

function overLocalForage(driver: string): Place {
  const instance = localforage.createInstance({ name: `kit ${driver}`, driver });
  const keys = (): Promise<string[]> => instance.keys();
  return keyValuePlace(instance, keys, () => localForageBackend(instance));
}

/** As in a private window that refuses storage. */
function refusingBackend(): Backend {
  return Object.assign(localStorageBackend(), {
    open: () => Promise.reject(new SessionError('STORE_UNAVAILABLE', 'refused')),
  });
}

// The same as in src/stores/conformance.browser.test.ts.
const places = {
  memory: () => ({ backend: memoryBackend, dispose() {} }),
  IndexedDB: () => indexedDBPlace(indexedDB, () => indexedDBBackend()),
  localStorage: () => overLocalStorage(() => localStorageBackend()),
  'localStorage without Web Locks': () =>
    overLocalStorage(() => localStorageBackend({ locks: null })),
  'localForage on IndexedDB': () => overLocalForage(localforage.INDEXEDDB),
  'localForage on localStorage': () => overLocalForage(localforage.LOCALSTORAGE),
  'fallback to IndexedDB': () =>
    indexedDBPlace(indexedDB, () => fallbackBackend([refusingBackend(), indexedDBBackend()])),
  'fallback that is not needed': () =>
    indexedDBPlace(indexedDB, () => fallbackBackend([indexedDBBackend(), memoryBackend()])),
} satisfies Record<string, () => Place>;

export type KitPlace = keyof typeof places;

export interface KitResult {
  readonly passed: number;
  readonly failed: readonly { readonly title: string; readonly error: string }[];
}

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

const expect = (actual: unknown): Expectation => chai.expect(actual) as never;

// The tabs of the kit are one process, whose view of storage is always the latest: there is nothing to wait for after a tab
// was closed. That real tabs wait is proven by races of real tabs.
const setTimer = globalThis.setTimeout;
globalThis.setTimeout = ((task: () => void, delay?: number) =>
  setTimer(task, delay === settling ? 0 : delay)) as typeof setTimeout;

async function run(place: KitPlace, only = ''): Promise<KitResult> {
  const cases: { title: string; body: () => Promise<void> }[] = [];
  const describe = (_: string, body: () => void): void => body();
  const test = (title: string, body: () => Promise<void>): unknown => cases.push({ title, body });
  conformance({ describe, test, expect }, places[place], { title: place });
  let passed = 0;
  const failed: { title: string; error: string }[] = [];
  for (const { title, body } of cases.filter((one) => one.title.includes(only))) {
    try {
      await body();
      passed++;
    } catch (error) {
      failed.push({
        title,
        error: error instanceof Error ? `${error}\n${error.stack}` : String(error),
      });
    }
  }
  return { passed, failed };
}

export interface Kit {
  readonly places: readonly string[];
  /** @param only - part of the titles of the cases to run; default: all */
  run(place: KitPlace, only?: string): Promise<KitResult>;
}

declare global {
  interface Window {
    kit: Kit;
  }
}

window.kit = { places: Object.keys(places), run };
