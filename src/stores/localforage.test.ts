import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Backend } from '../backend.js';
import { simulateOrigin } from '../testing/index.js';
import { live, put } from '../testing/records.js';
import { localForageBackend, type LocalForageInstance } from './localforage.js';

/** The least that counts as a localForage instance. */
function instanceOf(values = new Map<string, unknown>()): LocalForageInstance {
  return {
    getItem: async (key) => values.get(key),
    setItem: async (key, value) => void values.set(key, value),
    removeItem: async (key) => values.delete(key),
    keys: async () => [...values.keys()],
  };
}

async function opened(backend: Backend): Promise<Backend> {
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  await backend.open({
    name: 'shop',
    now: Date.now,
    onError,
    onChange: () => {},
    onReset: () => {},
  });
  return backend;
}

afterEach(() => vi.unstubAllGlobals());

describe('localForageBackend', () => {
  test('needs four methods of an instance', async () => {
    const values = new Map<string, unknown>();
    const backend = await opened(localForageBackend(instanceOf(values), { locks: null }));
    await put(backend, live('a'));
    const keys = ['epoch', 'r:a', 'seq'].map((key) => `tabkeep:shop:${key}`);
    expect([...values.keys()]).toEqual(keys);
    values.set('tabkeep:shop:r:odd', { not: 'text' });
    const refused = { code: 'DECODE_FAILED', raw: { not: 'text' } };
    await expect(backend.read('odd')).rejects.toMatchObject(refused);
    expect(backend.capabilities.durability).toBe('eventual');
  });

  test('tells instances and drivers of one origin apart by their locks', async () => {
    const { locks } = simulateOrigin().openTab();
    vi.stubGlobal('navigator', { locks });
    const configurations = [
      { name: 'one', storeName: 'store', driver: 'asyncStorage' },
      { name: 'one', storeName: 'other', driver: 'asyncStorage' },
      { name: 'one', storeName: 'store', driver: 'localStorageWrapper' },
      { name: 'one/store', storeName: '', driver: 'asyncStorage' },
    ];
    const backends = configurations.map(({ driver, ...config }) =>
      localForageBackend({ ...instanceOf(), driver: () => driver, config: () => config }),
    );
    for (const backend of backends) await put(await opened(backend), live('a'));
    const { held = [] } = await locks.query();
    const names = held.map(({ name = '' }) => name.replace(/:0+1:[^:]+$/, ':1')).sort();
    expect(names).toEqual([
      'tabkeep:shop:localForage/asyncStorage/one%2Fstore/:fence:1',
      'tabkeep:shop:localForage/asyncStorage/one/other:fence:1',
      'tabkeep:shop:localForage/asyncStorage/one/store:fence:1',
      'tabkeep:shop:localForage/localStorageWrapper/one/store:fence:1',
    ]);
    expect(backends[0]!.capabilities).toMatchObject({ atomic: true, durability: 'relaxed' });
    expect(backends[2]!.capabilities).toMatchObject({ atomic: true, durability: 'eventual' });
    await Promise.all(backends.map((backend) => backend.close()));
  });

  test('says when the instance has no driver', async () => {
    const cause = new Error('No available storage method found.');
    const broken = { ...instanceOf(), getItem: () => Promise.reject(cause) };
    const outcome = opened(localForageBackend(broken));
    await expect(outcome).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause });
  });
});
