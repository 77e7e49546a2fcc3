// The kit over the front cache. In Chromium: cached.browser.test.ts.

import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { cachedPlace, lateReads } from '../../test/cached-place.js';
import { indexedDBPlace } from '../../test/places.js';
import { sharedMemoryPlace } from '../../test/shared-memory.js';
import { conformance, type Place } from '../testing/index.js';
import { indexedDBBackend } from './indexeddb.js';
import { memoryBackend } from './memory.js';

const runner = { describe, test, expect };

const places: Record<string, () => Place> = {
  'cached memory': () => ({ backend: memoryBackend, dispose() {} }),
  'cached memory of several tabs': () => sharedMemoryPlace(),
  'cached IndexedDB, a fake'() {
    const factory = new IDBFactory();
    return indexedDBPlace(factory, () => indexedDBBackend({ indexedDB: factory }));
  },
};

for (const [title, place] of Object.entries(places)) {
  describe(`with a cache: ${title}`, () => {
    let hits = 0;
    const factory = (): Place => {
      const cached = cachedPlace(place());
      return {
        ...cached,
        async dispose() {
          hits += cached.hits();
          await cached.dispose();
        },
      };
    };
    conformance(runner, factory, {
      title: 'conformance',
      exceptions: title === 'cached memory' ? [] : lateReads,
    });

    // Else the kit would have proven the backend behind it once more.
    test('its cache has answered', () => expect(hits).toBeGreaterThan(200));
  });
}
