import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cdp } from 'vitest/browser';
import {
  answer,
  checkAllClosed,
  contextOf,
  countTransactions,
  dataOf,
  increment,
  isOpen,
  live,
  methodOf,
  put,
  putForeign,
  storedRows,
  watchConnections,
} from '../../test/indexeddb-fixture.js';
import type { Backend } from '../backend.js';
import { snapshot } from '../snapshot.js';
import { indexedDBBackend } from './indexeddb.js';

let backend: Backend;
/** Every connection that a test has made. */
let databases: IDBDatabase[];

beforeEach(async () => {
  databases = watchConnections(indexedDB);
  backend = indexedDBBackend();
  await backend.open(contextOf('shop'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await backend.close();
  checkAllClosed(databases);
  await answer(indexedDB.deleteDatabase('tabkeep:shop'));
});

/** As the user may do it, under the open connection. */
async function clearSiteData(): Promise<void> {
  const closed = new Promise((resolve) => databases[0]!.addEventListener('close', resolve));
  const { origin } = location;
  await cdp().send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
  await closed;
}

describe('group commit', () => {
  test('500 transactions of one turn are one', async () => {
    const transactions = countTransactions();
    await Promise.all(Array.from({ length: 500 }, (_, i) => increment(backend, `id ${i % 250}`)));
    expect(transactions('readwrite')).toBe(1);
    expect(await dataOf(backend, 'id 249')).toBe(2);
  });

  test('500 that come while others commit are few', async () => {
    const transactions = countTransactions();
    const counts: Promise<number>[] = [];
    for (let i = 0; i < 500; i++) {
      counts.push(increment(backend, 'a'));
      if (i % 50 === 0) await Promise.resolve();
    }
    expect(await Promise.all(counts)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
    expect(transactions('readwrite')).toBeLessThanOrEqual(5);
  });

  test('500 reads of one turn are one', async () => {
    await put(backend, ...Array.from({ length: 500 }, (_, i) => live(`id ${i}`, i)));
    const transactions = countTransactions();
    const data = await Promise.all(
      Array.from({ length: 500 }, (_, i) => dataOf(backend, `id ${i}`)),
    );
    expect(data).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(transactions('readonly')).toBe(1);
  });

  test('R2 two backends that race on one session lose nothing', async () => {
    const other = indexedDBBackend({ durability: 'strict' });
    await other.open(contextOf('shop'));
    const racing = async (into: Backend): Promise<number[]> => {
      const counts: number[] = [];
      for (let i = 0; i < 100; i++) counts.push(await increment(into, 'a'));
      return counts;
    };
    const counts = await Promise.all([racing(backend), racing(other)]);
    expect(counts.flat().toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    expect(await dataOf(other, 'a')).toBe(200);
    await other.close();
  });
});

describe('values', () => {
  test('R12 every type comes back as what it was', async () => {
    const error = new Error('declined', { cause: new URL('https://example.org/cause') });
    error.name = 'PaymentError';
    const shared = { shared: true };
    const data: Record<string, unknown> = {
      json: { text: 'tea', list: [1, true, null] },
      absent: undefined,
      numbers: [NaN, Infinity, -Infinity, -0],
      big: 2n ** 70n,
      date: new Date(86_400_000),
      pattern: /tea+/giu,
      map: new Map<unknown, unknown>([[{ key: 1 }, new Set([undefined, 'x'])]]),
      url: new URL('https://example.org/a?b=c#d'),
      error,
      typeError: new TypeError('wrong'),
      bytes: [
        new Uint8Array([1, 2, 255]),
        new Float64Array([NaN, -0, 1.5]),
        new BigInt64Array([-1n]),
        new Uint16Array([7]).buffer,
      ],
      twice: [shared, shared],
    };
    data['self'] = data;
    data['map of itself'] = new Map([['self', data]]);
    const written = snapshot(data);
    await put(backend, live('a', written));
    const found = (await dataOf(backend, 'a')) as typeof data;
    expect(found).toStrictEqual(written);
    expect(Object.keys(found)).toEqual(Object.keys(data));
    expect(found['self']).toBe(found);
    expect((found['map of itself'] as Map<string, unknown>).get('self')).toBe(found);
    const [one, two] = found['twice'] as object[];
    expect(one).toBe(two);
    expect(found['error']).toMatchObject({ name: 'PaymentError', message: 'declined' });
    expect((found['error'] as Error).cause).toEqual(new URL('https://example.org/cause'));
    expect(found['typeError']).toBeInstanceOf(TypeError);
    expect(Object.is((found['numbers'] as number[])[3], -0)).toBe(true);
  });

  test('R8 rows of others are refused and left as they are', async () => {
    const rows = [
      { id: 'broken', kind: 'live', version: 'x', owner: 'ann', expiresAt: 5, purgeAt: 5 },
      { id: 5, owner: 'ann', expiresAt: 5 },
      { id: new Date(5) },
    ];
    await putForeign(indexedDB, 'shop', ...rows);
    const before = await storedRows(indexedDB, 'shop');
    await expect(backend.read('broken')).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    await expect(increment(backend, 'broken')).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    await increment(backend, 'a');
    const page = await backend.scan({ by: 'id', limit: 10 });
    expect(page.records.map(({ id }) => id)).toEqual(['a']);
    expect(page.unreadable).toHaveLength(3);
    const expired = await backend.scan({ by: 'expiresAt', until: 9, limit: 10 });
    expect(expired).toMatchObject({ records: [], unreadable: [{}, {}] });
    expect(await backend.listIds({ aliveAt: 9, limit: 10 })).toEqual(['a']);
    const after = await storedRows(indexedDB, 'shop');
    expect(after.filter((row) => !('id' in row && row.id === 'a'))).toEqual(before);
  });
});

describe('quota', () => {
  const { origin } = location;

  beforeEach(async () => {
    // Chromium goes on for a while with the quota that it knew, unless it has to begin anew.
    await clearSiteData();
    await cdp().send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
  });

  afterEach(() => cdp().send('Storage.overrideQuotaForOrigin', { origin }));

  test('R9 what is too large is refused; its old value stays, and its batch goes through', async () => {
    await put(backend, live('large', 'old'));
    // Random, since what is stored may be compressed. Far above the quota: what is a little above it reaches the files of
    // Chromium now and then before it is refused, and then small writes are refused too until they are tidied up.
    const large = Array.from({ length: 128 }, () => crypto.getRandomValues(new Uint8Array(65_536)));
    const outcomes = await Promise.allSettled([
      increment(backend, 'before'),
      put(backend, live('large', large)),
      increment(backend, 'after'),
    ]);
    expect(outcomes).toMatchObject([
      { value: 1 },
      { reason: { code: 'QUOTA_EXCEEDED', cause: { name: 'QuotaExceededError' } } },
      { value: 1 },
    ]);
    expect(await dataOf(backend, 'large')).toBe('old');
  });
});

describe('life cycle', () => {
  test('another tab that deletes the database is not held up', async () => {
    await increment(backend, 'a');
    const request = indexedDB.deleteDatabase('tabkeep:shop');
    const blocked = vi.fn<() => void>();
    request.addEventListener('blocked', blocked);
    await answer(request);
    expect(blocked).not.toHaveBeenCalled();
    await expect(increment(backend, 'a')).resolves.toBe(1);
    expect(databases).toHaveLength(2);
  });

  test('site data that is cleared under it is survived', async () => {
    await increment(backend, 'a');
    await clearSiteData();
    await expect(increment(backend, 'a')).resolves.toBe(1);
    expect(databases).toHaveLength(2);
  });

  test('no connection goes into the back/forward cache', async () => {
    const hide = (persisted: boolean): boolean =>
      dispatchEvent(new PageTransitionEvent('pagehide', { persisted }));
    hide(false);
    await increment(backend, 'a');
    expect(databases).toHaveLength(1);

    const get = methodOf(IDBObjectStore.prototype, 'get');
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(function (
      this: IDBObjectStore,
      key,
    ) {
      // In the middle of a transaction, which comes to its end.
      hide(true);
      return get.call(this, key);
    });
    await expect(increment(backend, 'a')).resolves.toBe(2);
    expect(databases.map(isOpen)).toEqual([false]);

    await expect(increment(backend, 'a')).resolves.toBe(3);
    expect(databases.map(isOpen)).toEqual([false, true]);
  });

  test('nothing listens any more after close', async () => {
    const added = vi.spyOn(globalThis, 'addEventListener');
    const removed = vi.spyOn(globalThis, 'removeEventListener');
    const other = indexedDBBackend();
    await other.open(contextOf('shop'));
    await other.close();
    expect(added.mock.calls.map(([type]) => type)).toEqual(['pagehide', 'pageshow']);
    expect(removed.mock.calls).toEqual(added.mock.calls);
  });
});
