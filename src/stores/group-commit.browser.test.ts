/** Group commit as an app gets it: through the store, on real IndexedDB, counted and not timed. */

import { afterEach, expect, test, vi } from 'vitest';
import { openStore, type SessionStore } from '../core.js';
import { indexedDBBackend } from './indexeddb.js';

const ids = Array.from({ length: 500 }, (_, i) => `id ${i}`);
let store: SessionStore<number>;

async function transactionsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = vi.spyOn(IDBDatabase.prototype, 'transaction');
  await work();
  return begun.mock.calls.filter(([, mode]) => mode === 'readwrite').length;
}

afterEach(async () => {
  vi.restoreAllMocks();
  await store.clear();
  await store.close();
});

test('500 concurrent saves use at most 5 transactions', async () => {
  store = await openStore({ name: 'group-commit', backend: indexedDBBackend() });
  const saveAll = (): Promise<unknown> => Promise.all(ids.map((id, i) => store.save(id, i)));
  expect(await transactionsOf(saveAll)).toBeLessThanOrEqual(5);
  expect((await store.load('id 499'))?.data).toBe(499);
  expect(await store.listIds()).toHaveLength(500);
});

test('500 concurrent updates of one session use at most 5 transactions', async () => {
  store = await openStore({ name: 'group-commit', backend: indexedDBBackend() });
  await store.create(0, { id: 'a' });
  const updateAll = (): Promise<unknown> =>
    Promise.all(ids.map(() => store.update('a', (count) => count + 1)));
  expect(await transactionsOf(updateAll)).toBeLessThanOrEqual(5);
  expect(await store.load('a')).toMatchObject({ data: 500, version: 501 });
});

test('calls that are not awaited are committed in their order', async () => {
  store = await openStore({ name: 'group-commit', backend: indexedDBBackend() });
  await Promise.all([
    store.create(1, { id: 'b' }),
    store.update('b', (count) => count + 1),
    store.save('b', 10),
    store.update('b', (count) => count * 2),
    store.delete('b', { ifVersion: 4 }),
    store.create(7, { id: 'b', replaceEnded: true }),
  ]);
  expect(await store.load('b')).toMatchObject({ data: 7, version: 5 });
});
