import { afterEach, describe, expect, test, vi } from 'vitest';
import { contextWith } from '../../test/context.js';
import { intercepted } from '../../test/key-value-fixture.js';
import { keyValuePlace } from '../../test/places.js';
import type { Backend } from '../backend.js';
import { conformance, simulateOrigin } from '../testing/index.js';
import { increment, live, put } from '../testing/records.js';
import { localStorageBackend } from './local-storage.js';

async function opened(backend: Backend, name = 'shop'): Promise<Backend> {
  await backend.open(contextWith({ name }));
  return backend;
}

function storageArea(): Storage {
  return simulateOrigin().openTab().storage;
}

afterEach(() => vi.unstubAllGlobals());

describe('where there is no localStorage', () => {
  const unavailable = { code: 'STORE_UNAVAILABLE' };

  test('it is missing', async () => {
    vi.stubGlobal('localStorage', undefined);
    await expect(opened(localStorageBackend())).rejects.toMatchObject(unavailable);
    vi.stubGlobal('localStorage', null);
    await expect(opened(localStorageBackend())).rejects.toMatchObject(unavailable);
  });

  test('merely looking at it throws', async () => {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
    const refused = new DOMException('Access is denied.', 'SecurityError');
    Object.defineProperty(globalThis, 'localStorage', {
      configurable: true,
      get() {
        throw refused;
      },
    });
    try {
      const outcome = opened(localStorageBackend());
      await expect(outcome).rejects.toMatchObject({ ...unavailable, cause: refused });
    } finally {
      delete (globalThis as { localStorage?: unknown }).localStorage;
      if (descriptor) Object.defineProperty(globalThis, 'localStorage', descriptor);
    }
  });

  test('it takes no write', async () => {
    const { storage } = simulateOrigin({ quota: 0 }).openTab();
    await expect(opened(localStorageBackend({ storage }))).rejects.toMatchObject(unavailable);
  });

  test('it can be opened later, by the same object', async () => {
    vi.stubGlobal('localStorage', undefined);
    const backend = localStorageBackend({ locks: null });
    await expect(opened(backend)).rejects.toMatchObject(unavailable);
    vi.stubGlobal('localStorage', storageArea());
    await put(await opened(backend), live('a'));
    await backend.close();
  });
});

describe('capabilities', () => {
  const shared = {
    shared: 'origin',
    persistent: true,
    durability: 'eventual',
    structuredClone: false,
  };

  test('are atomic between tabs where there are Web Locks, and say so where there are none', () => {
    const { storage, locks } = simulateOrigin().openTab();
    expect(localStorageBackend({ storage, locks }).capabilities).toEqual({
      ...shared,
      atomic: true,
    });
    const without = { ...shared, atomic: false };
    expect(localStorageBackend({ storage, locks: null }).capabilities).toEqual(without);
    vi.stubGlobal('navigator', undefined);
    expect(localStorageBackend().capabilities).toEqual(without);
    vi.stubGlobal('navigator', { locks });
    expect(localStorageBackend().capabilities).toEqual({ ...shared, atomic: true });
  });

  test('of sessionStorage are those of one tab', () => {
    const { storage, locks } = simulateOrigin().openTab();
    vi.stubGlobal('navigator', { locks });
    vi.stubGlobal('sessionStorage', storage);
    expect(localStorageBackend({ storage }).capabilities).toEqual({
      shared: 'tab',
      atomic: true,
      persistent: false,
      durability: 'none',
      structuredClone: false,
    });
  });
});

test('a storage can be given where looking at sessionStorage is refused', () => {
  Object.defineProperty(globalThis, 'sessionStorage', {
    configurable: true,
    get() {
      throw new DOMException('Access is denied.', 'SecurityError');
    },
  });
  try {
    const { capabilities } = localStorageBackend({ storage: storageArea(), locks: null });
    expect(capabilities.shared).toBe('origin');
  } finally {
    delete (globalThis as { sessionStorage?: unknown }).sessionStorage;
  }
});

test('without Web Locks, too, a change that cannot be taken back is told', async () => {
  let isBroken = false;
  const storage = intercepted(storageArea(), (method) => {
    if (isBroken && method !== 'getItem') throw new Error('The storage has died.');
  });
  const backend = await opened(localStorageBackend({ storage, locks: null }));
  isBroken = true;
  const told = { code: 'STORE_UNAVAILABLE', message: expect.stringContaining('taken back') };
  await expect(put(backend, live('a'))).rejects.toMatchObject(told);
});

test('R2: without Web Locks the backends of one tab still take turns', async () => {
  const storage = storageArea();
  const open = (): Promise<Backend> => opened(localStorageBackend({ storage, locks: null }));
  const backends = await Promise.all([open(), open(), open()]);
  const failed = backends[0].clear(() => {
    throw new Error('on purpose');
  });
  await expect(failed).rejects.toThrow('on purpose');
  await Promise.all(
    backends.map(async (backend) => {
      for (let n = 0; n < 10; n++) await backend.transact(['a'], increment('a'));
    }),
  );
  expect(await backends[0].read('a')).toMatchObject({ version: 30 });
});

test('several stores of one tab may share a backend, of one name', async () => {
  const backend = localStorageBackend({ storage: storageArea(), locks: null });
  await Promise.all([opened(backend), opened(backend)]);
  await expect(opened(backend, 'other')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await backend.close();
  await put(backend, live('a'));
  await backend.close();
  await expect(put(backend, live('a'))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
});

conformance(
  { describe, test, expect },
  () => {
    const storage = storageArea();
    const keys = (): string[] =>
      Array.from({ length: storage.length }, (_, index) => storage.key(index)!);
    return keyValuePlace(storage, keys, () => localStorageBackend({ storage, locks: null }));
  },
  { title: 'conformance without Web Locks' },
);
