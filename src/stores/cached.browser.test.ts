// The kit over the front cache, on the browser's own IndexedDB.

import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { cachedPlace, lateReads } from '../../test/cached-place.js';
import { live, put } from '../testing/records.js';
import { contextOf } from '../../test/indexeddb-fixture.js';
import { indexedDBPlace } from '../../test/places.js';
import { backendOver } from '../../test/backend-over.js';
import type { BackendContext, StoredRecord } from '../backend.js';
import { conformance, type Place } from '../testing/index.js';
import { cachedBackend } from './cached.js';
import { indexedDBBackend } from './indexeddb.js';
import { memoryBackend } from './memory.js';

describe('cached IndexedDB', () => {
  let hits = 0;
  const factory = (): Place => {
    const cached = cachedPlace(indexedDBPlace(indexedDB, () => indexedDBBackend()));
    return {
      ...cached,
      async dispose() {
        hits += cached.hits();
        await cached.dispose();
      },
    };
  };
  conformance({ describe, test, expect }, factory, {
    title: 'conformance',
    exceptions: lateReads,
  });

  test('its cache has answered', () => expect(hits).toBeGreaterThan(200));
});

describe('a page that is put away', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['pagehide', globalThis],
    ['freeze', document],
  ])('R11 keeps nothing from %s until it is shown again', async (type, target) => {
    const inner = memoryBackend();
    const read = vi.fn<(id: string) => Promise<StoredRecord | undefined>>((id) => inner.read(id));
    const cached = cachedBackend(backendOver(inner, { read }));
    let resync = (): void => {};
    let now = 5000;
    const context: BackendContext = {
      ...contextOf('shop'),
      now: () => now,
      peers: { onChanges: () => () => {}, onResync: (listener) => ((resync = listener), () => {}) },
    };
    await cached.open(context);
    await put(cached, live('a'));
    await cached.read('a');
    expect(read).toHaveBeenCalledTimes(0);

    target.dispatchEvent(new Event(type));
    for (const _ of [1, 2]) await cached.read('a');
    await put(cached, live('a', { version: 2 }));
    await cached.read('a');
    expect(read).toHaveBeenCalledTimes(3);

    resync();
    await cached.read('a');
    now += 1000;
    for (const _ of [1, 2, 3]) await cached.read('a');
    expect(read).toHaveBeenCalledTimes(5);
    await cached.close();
  });

  it('leaves no listener behind', async () => {
    const added = [
      vi.spyOn(globalThis, 'addEventListener'),
      vi.spyOn(document, 'addEventListener'),
    ];
    const cached = cachedBackend(memoryBackend());
    await cached.open(contextOf('shop'));
    const calls = added.flatMap(
      ({ mock }) => mock.calls as unknown as [string, unknown, AddEventListenerOptions][],
    );
    const areOver = (): unknown[] => calls.map(([, , { signal }]) => signal?.aborted);
    expect(calls.map(([type]) => type)).toEqual(['pagehide', 'freeze']);
    expect(areOver()).toEqual([false, false]);
    await cached.close();
    expect(areOver()).toEqual([true, true]);
  });
});
