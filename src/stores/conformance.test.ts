// The kit over fakes of the browser's storages: for speed of feedback. The proof is conformance.browser.test.ts.

import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { indexedDBPlace, keyValuePlace } from '../../test/places.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend } from '../backend.js';
import type { Clock } from '../clock.js';
import { conformance, simulateOrigin, type SimulatedTab } from '../testing/index.js';
import { indexedDBBackend } from './indexeddb.js';
import { KeyValueBackend } from './key-value.js';
import { storageAreaStore } from './storage-area.js';

const runner = { describe, test, expect };

conformance(
  runner,
  () => {
    const factory = new IDBFactory();
    return indexedDBPlace(factory, () => indexedDBBackend({ indexedDB: factory }));
  },
  { title: 'IndexedDB, a fake' },
);

let seed = 0;

function backendIn({ storage, locks }: SimulatedTab, clock: Clock): Backend {
  return new KeyValueBackend({
    name: 'a simulated localStorage',
    capabilities: () => ({
      shared: 'origin',
      atomic: true,
      persistent: true,
      durability: 'eventual',
      structuredClone: false,
    }),
    find: async () => ({ keyValue: storageAreaStore(storage), area: 'simulated' }),
    locks: () => locks,
    clock,
  });
}

conformance(
  runner,
  () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ seed: ++seed, clock });
    const { storage } = origin.openTab();
    const keys = (): string[] =>
      Array.from({ length: storage.length }, (_, index) => storage.key(index)!);
    const place = keyValuePlace(storage, keys, () => backendIn(origin.openTab(), clock));
    return {
      ...place,
      async plant(name, id, damage) {
        origin.settle();
        const read = await place.plant!(name, id, damage);
        origin.settle();
        return async () => {
          origin.settle();
          return read();
        };
      },
      async wipe(name) {
        origin.settle();
        await place.wipe!(name);
        origin.settle();
      },
      catchUp: async () => origin.settle(),
    };
  },
  { title: 'localStorage of several processes, simulated' },
);
