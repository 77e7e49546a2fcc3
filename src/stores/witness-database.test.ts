import 'fake-indexeddb/auto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkAllClosed, watchConnections } from '../../test/indexeddb-fixture.js';
import { databaseWitness } from './witness-database.js';
import { itemWitness } from './witness.js';

afterEach(() => vi.unstubAllGlobals());

describe('R16: a witness in IndexedDB', () => {
  test('remembers for each store, in a database that no store can have', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    const databases = watchConnections(indexedDB);
    const one = databaseWitness('tabkeep:shop:', 'localStorage');
    const other = databaseWitness('tabkeep:shop:', 'localForage');
    expect([await one.read(), await other.read()]).toEqual([undefined, undefined]);
    await one.write('epoch');
    await one.write('another');
    expect([await one.read(), await other.read()]).toEqual(['another', undefined]);
    expect(await indexedDB.databases()).toEqual([{ name: 'tabkeep-witness', version: 1 }]);
    expect(databases).toHaveLength(6);
    checkAllClosed(databases);
  });

  test.each([
    ['is missing', () => undefined],
    [
      'is refused',
      () => {
        throw new DOMException('no', 'SecurityError');
      },
    ],
  ])('where IndexedDB %s remembers nothing', async (_, get) => {
    vi.stubGlobal('indexedDB', undefined);
    Object.defineProperty(globalThis, 'indexedDB', { configurable: true, get });
    const witness = databaseWitness('tabkeep:shop:', 'localStorage');
    await witness.write('epoch');
    expect(await witness.read()).toBeUndefined();
  });

  test('is nothing where somebody has written something else', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    const witness = databaseWitness('', '');
    await witness.write(7 as never);
    expect(await witness.read()).toBeUndefined();
    const opening = vi.spyOn(indexedDB, 'open').mockImplementation((name) => {
      opening.mockRestore();
      return indexedDB.open(name, 2); // by which it is of a higher version from now on
    });
    await witness.write('epoch');
    expect(await witness.read()).toBeUndefined();
  });
});

describe('R16: a witness in localStorage', () => {
  test('is an item for each store; where there is no localStorage, nothing', () => {
    const items = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
    });
    const [plain, other] = [itemWitness('tabkeep:shop:'), itemWitness('tabkeep:shop:', 'forage')];
    expect(plain.read()).toBeUndefined();
    plain.write('one');
    other.write('two');
    expect([plain.read(), other.read()]).toEqual(['one', 'two']);
    expect([...items.keys()]).toEqual(['tabkeep:shop:witness', 'tabkeep:shop:witness:forage']);
    vi.stubGlobal('localStorage', undefined);
    plain.write('three');
    expect(plain.read()).toBeUndefined();
  });
});
