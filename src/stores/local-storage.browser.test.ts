import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contextWith } from '../../test/context.js';
import { answer } from '../../test/indexeddb-fixture.js';
import { keyValuePlace } from '../../test/places.js';
import type { Backend } from '../backend.js';
import { payloadOf } from '../payload.js';
import { conformance } from '../testing/index.js';
import { increment, live, plain, put, tombstone } from '../testing/records.js';
import { localStorageBackend, type LocalStorageBackendOptions } from './local-storage.js';

const errors: unknown[] = [];
const context = contextWith({ onError: (error) => errors.push(error) });

let open: Backend[] = [];

async function opened(options?: LocalStorageBackendOptions): Promise<Backend> {
  const backend = localStorageBackend(options);
  await backend.open(context);
  open.push(backend);
  return backend;
}

function content(): Record<string, unknown> {
  return Object.fromEntries(Object.entries(localStorage));
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

beforeEach(() => localStorage.clear());

afterEach(async () => {
  await Promise.all(open.map((backend) => backend.close()));
  open = [];
  localStorage.clear();
  // Else each test would find a wiped storage (R16).
  await answer(indexedDB.deleteDatabase('tabkeep-witness'));
  await expectNothingLeft();
});

describe('localStorage in a real browser', () => {
  test('R2: several backends lose no update; one fence is held, by the last to commit', async () => {
    const backends = await Promise.all([opened(), opened(), opened()]);
    const counts = await Promise.all(
      backends.map(async (backend) => {
        const own: number[] = [];
        for (let n = 0; n < 10; n++) own.push(await backend.transact(['a'], increment('a')));
        return own;
      }),
    );
    expect(new Set(counts.flat()).size).toBe(30);
    expect(await backends[0].read('a')).toMatchObject({ version: 30 });
    await expect
      .poll(heldLocks)
      .toEqual([expect.stringMatching(/^tabkeep:shop:localStorage:fence:0+30:/)]);
  });

  test('R10: a full storage keeps every old value, and still takes tombstones', async () => {
    const backend = await opened();
    const filling = (version: number, length: number) =>
      live('a', { version, data: payloadOf('x'.repeat(length)) });
    await put(backend, live('b'), filling(1, 2_400_000));
    const before = content();
    for (const length of [6_000_000, 2_700_000]) {
      const outcome = put(backend, tombstone('b'), filling(2, length));
      await expect(outcome).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      const sequence = localStorage.getItem('tabkeep:shop:seq');
      expect(content()).toEqual({ ...before, 'tabkeep:shop:seq': sequence });
    }
    for (let length = 2 ** 22; length >= 1; length /= 2) {
      try {
        localStorage.setItem(`stuffing ${length}`, 's'.repeat(length));
      } catch {
        // Full to the last character in the end.
      }
    }
    await expect(put(backend, live('c'))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await put(backend, tombstone('a'), tombstone('b'));
    expect(await backend.read('a')).toEqual(tombstone('a'));
  });

  test('lets go of its locks while the page is away, and goes on when it is back', async () => {
    const backend = await opened();
    await put(backend, live('a'));
    await expect.poll(heldLocks).toHaveLength(1);
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    await expect.poll(heldLocks).toEqual([]);
    await put(backend, live('a', { version: 2 }));
    expect(await backend.read('a')).toMatchObject({ version: 2 });
  });

  test('closing at once leaves no lock and no error behind', async () => {
    const backend = await opened();
    await backend.close();
    await expect.poll(heldLocks).toEqual([]);
  });

  test('loads superjson by itself, and carries what it carries', async () => {
    const data = new Map([[1n, new Date(0)]]);
    await put(await opened(), live('a', { data: payloadOf(data) }));
    const other = await opened();
    expect(plain(await other.read('a'))).toMatchObject({ data });
  });

  test('sessionStorage is that of one tab, and needs no lock', async () => {
    const backend = await opened({ storage: sessionStorage });
    expect(backend.capabilities).toEqual({
      shared: 'tab',
      atomic: true,
      persistent: false,
      durability: 'none',
      structuredClone: false,
    });
    await put(backend, live('a'));
    await expect.poll(heldLocks).toEqual([]);
    expect(sessionStorage.getItem('tabkeep:shop:r:a')).toContain('"id":"a"');
    expect(localStorage).toHaveLength(0);
    sessionStorage.clear();
  });
});

conformance(
  { describe, test, expect },
  () =>
    keyValuePlace(
      sessionStorage,
      () => Object.keys(sessionStorage),
      () => localStorageBackend({ storage: sessionStorage }),
    ),
  { title: 'sessionStorage' },
);
