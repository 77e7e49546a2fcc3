import { describe, expect, test } from 'vitest';
import { capabilities, codec, contextOf } from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import { simulateOrigin } from '../testing/index.js';
import { live, put } from '../testing/records.js';
import type { KeyValue } from './journaled-store.js';
import { KeyValueBackend, type FoundStorage } from './key-value.js';
import { storageAreaStore } from './storage-area.js';

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
