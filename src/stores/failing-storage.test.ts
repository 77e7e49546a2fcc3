import { describe, expect, test } from 'vitest';
import {
  capabilities,
  codec,
  contentOf,
  contextOf,
  intercepted,
  journalKey,
  openIn,
} from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend } from '../backend.js';
import { simulateOrigin, type SimulatedTab } from '../testing/index.js';
import { live, put } from '../testing/records.js';
import type { KeyValue } from './journaled-store.js';
import { KeyValueBackend, type FoundStorage } from './key-value.js';
import { storageAreaStore } from './storage-area.js';

/** A backend in a storage that fails to write records, the first `passing` apart. */
async function failing(
  error: Error,
  passing = 0,
): Promise<{ readonly tab: SimulatedTab; readonly backend: Backend }> {
  const clock = virtualClock();
  const tab = simulateOrigin({ clock }).openTab();
  let left = passing;
  const storage = intercepted(tab.storage, (method, key) => {
    if (method === 'setItem' && String(key).includes(':r:') && left-- <= 0) throw error;
  });
  return { tab, backend: await openIn({ ...tab, storage }, clock) };
}

describe('a storage that fails', () => {
  test('is full, by any name and code that browsers have given that', async () => {
    const errors = [
      { name: 'QuotaExceededError' },
      { name: 'NS_ERROR_DOM_QUOTA_REACHED' },
      { code: 22 },
      { code: 1014 },
    ];
    for (const error of errors) {
      const { tab, backend } = await failing(Object.assign(new Error('full'), error));
      await expect(put(backend, live('a'))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      expect(contentOf(tab.storage)).toEqual({});
    }
  });

  test('refuses with STORE_UNAVAILABLE, the cause attached, and nothing is changed', async () => {
    const cause = new Error('Access is denied.');
    const { tab, backend } = await failing(cause, 1);
    const outcome = put(backend, live('a'), live('b'));
    await expect(outcome).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause });
    expect(contentOf(tab.storage)).toEqual({});
  });

  test('leaves no fence behind that nobody could pass, when not even taking back succeeds', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const one = origin.openTab();
    let isBroken = false;
    const storage = intercepted(one.storage, (method) => {
      if (isBroken && method !== 'getItem') throw new Error('The storage has died.');
    });
    const broken = await openIn({ ...one, storage }, clock);
    const other = await openIn(origin.openTab(), clock);
    await put(broken, live('a'));
    isBroken = true;
    await expect(put(broken, live('b'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await put(other, live('c'));
    expect(await other.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'c']);
  });

  test('blocks nobody else when a journal in it cannot be replayed', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const one = origin.openTab();
    const storage = intercepted(one.storage, (method, key) => {
      if (method === 'setItem' && String(key).endsWith(':r:b')) throw new Error('Broken.');
    });
    const broken = await openIn({ ...one, storage }, clock);
    const other = await openIn(origin.openTab(), clock);
    await put(broken, live('a'));
    const [, text] = Object.entries(contentOf(storage))[0]!;
    storage.setItem(journalKey, JSON.stringify([['tabkeep:shop:r:b', text]]));
    await expect(broken.read('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(put(broken, live('a'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(storage.getItem(journalKey)).toContain('tabkeep:shop:r:b');
    const begun = clock.now();
    await put(other, live('c'));
    expect(clock.now() - begun).toBeLessThan(1000);
    origin.settle();
    expect(storage.getItem(journalKey)).toBeNull();
  });
});

describe('a storage that does not answer', () => {
  const options = {
    name: 'silent',
    capabilities: () => capabilities,
    locks: () => undefined,
    codec,
  };

  test('is given up after 5 seconds', async () => {
    const clock = virtualClock();
    const find = (): Promise<never> => new Promise(() => {});
    const backend = new KeyValueBackend({ ...options, find, clock });
    const begun = clock.now();
    const outcome = backend.open(contextOf(clock));
    await expect(outcome).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(clock.now() - begun).toBe(5000);
  });

  test('is told, whatever it fails at', async () => {
    const clock = virtualClock();
    const { storage } = simulateOrigin({ clock }).openTab();
    for (const broken of ['read', 'write', 'keys'] as const) {
      const keyValue = storageAreaStore(storage);
      const dying: KeyValue = { ...keyValue };
      const find = async (): Promise<FoundStorage> => ({ keyValue: dying, area: 'dying' });
      const backend = new KeyValueBackend({ ...options, find, clock });
      await backend.open(contextOf(clock));
      await put(backend, live('a'));
      dying[broken] = () => {
        throw new Error('The storage has died.');
      };
      const outcomes = await Promise.allSettled([
        backend.read('a'),
        put(backend, live('a')),
        backend.scan({ by: 'id', limit: 9 }),
        backend.clear(() => []),
      ]);
      const failed = outcomes.filter(({ status }) => status === 'rejected');
      expect(failed.length).toBe({ read: 4, write: 2, keys: 2 }[broken]);
      for (const outcome of failed) {
        expect(outcome).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
      }
      dying[broken] = keyValue[broken] as never;
    }
  });
});
