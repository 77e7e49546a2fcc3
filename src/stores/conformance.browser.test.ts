// The kit over the browser's own storages: the proof that conformance.test.ts is a quicker image of.

import localforage from 'localforage';
import { describe, expect, test, vi } from 'vitest';
import { backendOver } from '../../test/backend-over.js';
import { indexedDBPlace, keyValuePlace } from '../../test/places.js';
import type { Backend } from '../backend.js';
import { SessionError } from '../errors.js';
import { tabSync } from '../sync/index.js';
import { conformance, type Place } from '../testing/index.js';
import { fallbackBackend } from './fallback.js';
import { settling } from './fence.js';
import { indexedDBBackend } from './indexeddb.js';
import { localForageBackend } from './localforage.js';
import { localStorageBackend } from './local-storage.js';
import { memoryBackend } from './memory.js';

const runner = { describe, test, expect };

// The tabs of these tests are one process, whose view of storage is always the latest: there is nothing to wait for after
// a tab was closed. That real tabs wait, and for how long, is proven elsewhere.
const setTimer = globalThis.setTimeout;
vi.stubGlobal('setTimeout', (task: () => void, delay?: number) =>
  setTimer(task, delay === settling ? 0 : delay),
);

conformance(runner, () => ({ backend: memoryBackend, dispose() {} }), { title: 'memory' });

/** One more tab that shares the memory: its own replica, on the browser's locks and channels. */
function sharingBackend(): Backend {
  const memory = memoryBackend();
  const { openChannel } = tabSync();
  const peers = { openChannel, onChanges: () => () => {}, onResync: () => () => {} };
  const backend = backendOver(memory, { open: (context) => memory.open({ ...context, peers }) });
  return Object.defineProperty(backend, 'capabilities', { get: () => memory.capabilities });
}

conformance(runner, () => ({ backend: sharingBackend, dispose() {} }), {
  title: 'memory that tabs share',
});

conformance(runner, () => indexedDBPlace(indexedDB, () => indexedDBBackend()), {
  title: 'IndexedDB',
});

for (const [title, backend] of [
  ['localStorage', () => localStorageBackend()],
  // As on a plain-http origin: atomic within a tab only, and the kit holds it to that.
  ['localStorage without Web Locks', () => localStorageBackend({ locks: null })],
] as const) {
  const place = (): Place => keyValuePlace(localStorage, () => Object.keys(localStorage), backend);
  conformance(runner, place, { title });
}

for (const [title, driver] of [
  ['localForage on IndexedDB', localforage.INDEXEDDB],
  ['localForage on localStorage', localforage.LOCALSTORAGE],
] as const) {
  const instance = localforage.createInstance({ name: title, driver });
  const place = (): Place =>
    keyValuePlace(
      instance,
      () => instance.keys(),
      () => localForageBackend(instance),
    );
  conformance(runner, place, { title });
}

/** As in a private window that refuses storage. */
function refusingBackend(): Backend {
  return Object.assign(localStorageBackend(), {
    open: () => Promise.reject(new SessionError('STORE_UNAVAILABLE', 'refused')),
  });
}

conformance(
  runner,
  () => indexedDBPlace(indexedDB, () => fallbackBackend([refusingBackend(), indexedDBBackend()])),
  { title: 'fallback to IndexedDB' },
);

conformance(
  runner,
  () => indexedDBPlace(indexedDB, () => fallbackBackend([indexedDBBackend(), memoryBackend()])),
  { title: 'fallback that is not needed' },
);
