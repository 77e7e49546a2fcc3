import localforage from 'localforage';
import { afterEach, describe, expect, test } from 'vitest';
import { contextWith } from '../../test/context.js';
import type { Backend } from '../backend.js';
import { payloadOf } from '../payload.js';
import { increment, live, plain, put, tombstone } from '../testing/records.js';
import { localForageBackend, type LocalForageInstance } from './localforage.js';

const errors: unknown[] = [];
const context = contextWith({ onError: (error) => errors.push(error) });

let open: Backend[] = [];

async function opened(instance: LocalForageInstance): Promise<Backend> {
  const backend = localForageBackend(instance);
  await backend.open(context);
  open.push(backend);
  return backend;
}

async function expectNothingLeft(): Promise<void> {
  await expect.poll(heldLocks).toEqual([]);
  expect(errors.splice(0)).toEqual([]);
}

/** A released lock is free a moment later, when the browser's own process has heard of it. */
async function heldLocks(): Promise<string[]> {
  const { held = [] } = await navigator.locks.query();
  return held.map(({ name = '' }) => name).filter((name) => name.startsWith('tabkeep:'));
}

afterEach(async () => {
  await Promise.all(open.map((backend) => backend.close()));
  open = [];
  await expectNothingLeft();
});

const drivers = { IndexedDB: localforage.INDEXEDDB, localStorage: localforage.LOCALSTORAGE };

for (const [driverName, driver] of Object.entries(drivers)) {
  const instance = localforage.createInstance({ name: 'app', storeName: driverName, driver });

  describe(`localForage on ${driverName}`, () => {
    afterEach(() => instance.clear());

    test('R2: several backends lose no update', async () => {
      const backends = await Promise.all([opened(instance), opened(instance), opened(instance)]);
      const counts = await Promise.all(
        backends.map(async (backend) => {
          const own: number[] = [];
          for (let n = 0; n < 10; n++) own.push(await backend.transact(['a'], increment('a')));
          return own;
        }),
      );
      expect(new Set(counts.flat()).size).toBe(30);
      expect(await backends[0].read('a')).toMatchObject({ version: 30 });
      await expect.poll(heldLocks).toHaveLength(1);
    });

    test('says what it can do', async () => {
      const backend = await opened(instance);
      expect(backend.name).toBe('localForage');
      expect(backend.capabilities).toEqual({
        shared: 'origin',
        atomic: true,
        persistent: true,
        durability: driverName === 'IndexedDB' ? 'relaxed' : 'eventual',
        structuredClone: false,
      });
    });

    test("leaves the app's own keys alone, and is not confused by them (R14)", async () => {
      await instance.setItem('a', 'of the app');
      await instance.setItem('tabkeep:shop:r:odd', { not: 'text' });
      const backend = await opened(instance);
      await put(backend, live('a'));
      await expect(backend.read('odd')).rejects.toMatchObject({
        code: 'DECODE_FAILED',
        raw: { not: 'text' },
      });
      await backend.clear((records) => records.map(({ id }) => tombstone(id)));
      expect(await instance.getItem('a')).toBe('of the app');
      expect(await backend.read('odd')).toBeUndefined();
      expect(await backend.read('a')).toEqual(tombstone('a'));
    });

    test('R10: what does not fit changes nothing', async () => {
      const backend = await opened(instance);
      await put(backend, live('a'), live('b'));
      const failing: LocalForageInstance = {
        getItem: (key) => instance.getItem(key),
        removeItem: (key) => instance.removeItem(key),
        keys: () => instance.keys(),
        driver: () => instance.driver(),
        config: () => instance.config(),
        async setItem(key, value) {
          if (String(value).includes('too much')) throw new DOMException('', 'QuotaExceededError');
          return instance.setItem(key, value);
        },
      };
      const full = await opened(failing);
      const outcome = Promise.allSettled([
        put(full, live('c')),
        put(full, tombstone('a'), live('d', { data: payloadOf('too much') })),
      ]);
      expect(await outcome).toMatchObject([
        { status: 'fulfilled' },
        { reason: { code: 'QUOTA_EXCEEDED' } },
      ]);
      expect(await backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'b', 'c']);
      expect(plain(await backend.read('a'))).toEqual(plain(live('a')));
      expect(await instance.keys()).not.toContain('tabkeep:shop:journal');
    });
  });
}
