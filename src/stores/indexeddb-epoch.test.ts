import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  answer,
  contextOf,
  live,
  methodOf,
  put,
  watchConnections,
} from '../../test/indexeddb-fixture.js';
import type { Backend, BackendContext, StoreReset } from '../backend.js';
import { indexedDBBackend } from './indexeddb.js';

const witnessKey = 'tabkeep:shop:witness';
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
let items: Map<string, string>;
let opened: Backend[];
let databases: IDBDatabase[];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  items = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  });
  opened = [];
  databases = watchConnections(indexedDB);
});

afterEach(async () => {
  for (const backend of opened) await backend.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

interface Tab {
  readonly backend: Backend;
  readonly resets: StoreReset[];
  readonly errors: unknown[];
  readonly context: BackendContext;
}

async function openTab(backend = indexedDBBackend()): Promise<Tab> {
  const resets: StoreReset[] = [];
  const errors: unknown[] = [];
  const context: BackendContext = {
    ...contextOf('shop'),
    onReset: (reset) => resets.push(reset),
    onError: (error) => errors.push(error),
  };
  await backend.open(context);
  opened.push(backend);
  return { backend, resets, errors, context };
}

/** A tab that was there, and is not any more. */
async function visit(): Promise<Tab> {
  const tab = await openTab();
  await tab.backend.close();
  return tab;
}

const wipe = (): Promise<unknown> => answer(indexedDB.deleteDatabase('tabkeep:shop'));

async function meta(work: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const database = await answer(indexedDB.open('tabkeep:shop'));
  try {
    return await answer(work(database.transaction('meta', 'readwrite').objectStore('meta')));
  } finally {
    database.close();
  }
}

const epoch = async (): Promise<string> =>
  ((await meta((store) => store.get('epoch'))) as { id: string }).id;

describe('R16: from one visit to the next', () => {
  test('the first one leaves an epoch and a witness, and tells nothing', async () => {
    const { resets } = await visit();
    expect(resets).toEqual([]);
    expect(items.get(witnessKey)).toBe(await epoch());
    expect((await visit()).resets).toEqual([]);
  });

  test('a wipe is told once, and not again when an old witness comes back', async () => {
    await visit();
    const previous = items.get(witnessKey)!;
    await wipe();
    const { resets } = await visit();
    expect(resets).toEqual([{ epoch: await epoch(), previous }]);
    expect(items.get(witnessKey)).toBe(await epoch());
    items.set(witnessKey, previous);
    expect((await visit()).resets).toEqual([]);
    expect(items.get(witnessKey)).toBe(await epoch());
  });

  test('a witness that is lost is written again, and tells nothing', async () => {
    await visit();
    items.clear();
    expect((await visit()).resets).toEqual([]);
    expect(items.get(witnessKey)).toBe(await epoch());
  });

  test.each([
    ['missing', (store: IDBObjectStore) => store.clear()],
    ['no epoch', (store: IDBObjectStore) => store.put({ key: 'epoch', id: 7 })],
  ])('a row that is %s is made, and the same for all tabs', async (_, damage) => {
    await visit();
    items.clear();
    await meta(damage);
    const [one, other] = await Promise.all([openTab(), openTab()]);
    expect([one.resets, other.resets]).toEqual([[], []]);
    expect(items.get(witnessKey)).toBe(await epoch());
  });

  test('where localStorage is refused there is no witness, and no error', async () => {
    const refuse = (): never => {
      throw new DOMException('no', 'SecurityError');
    };
    vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse });
    await visit();
    await wipe();
    const { resets, errors } = await visit();
    expect([resets, errors]).toEqual([[], []]);
  });

  test('a factory of the app has no witness: its databases are others', async () => {
    await visit();
    const before = [...items];
    const tab = await openTab(indexedDBBackend({ indexedDB: new IDBFactory() }));
    expect([tab.resets, [...items]]).toEqual([[], before]);
  });

  test('an opening that comes too late uses nothing up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await visit();
    await wipe();
    const holder = await answer(indexedDB.open('tabkeep:shop'));
    const deleted = wipe();
    const late = indexedDBBackend();
    const failure = late.open(contextOf('shop')).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5000);
    expect(await failure).toMatchObject({ code: 'STORE_BLOCKED' });
    holder.close();
    await deleted;
    await vi.waitUntil(() => databases.length > 2);
    expect((await openTab()).resets).toHaveLength(1);
  });
});

describe('R16: a tab that is there', () => {
  test('is told by itself, each store of it, and before anything is answered', async () => {
    const tab = await openTab();
    const shared = await openTab(tab.backend);
    await put(tab.backend, live('a', 1));
    await wipe();
    await vi.waitUntil(() => tab.resets.length > 0);
    expect(tab.resets).toEqual([{ epoch: await epoch(), previous: expect.any(String) }]);
    expect(shared.resets).toEqual(tab.resets);

    await wipe();
    expect(await tab.backend.read('a')).toBeUndefined();
    expect(tab.resets).toHaveLength(2);
  });

  test('that has lost its connection and nothing else is told nothing', async () => {
    const tab = await openTab();
    forceCloseDatabase(databases[0] as never);
    await vi.waitUntil(() => databases.length === 2);
    await tab.backend.read('a');
    expect([tab.resets, tab.errors]).toEqual([[], []]);
  });

  test('makes a lost connection anew as soon as the browser lets it', async () => {
    const tab = await openTab();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const refusals = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('clearing', 'AbortError');
    });
    forceCloseDatabase(databases[0] as never);
    await nextTurn();
    await vi.advanceTimersByTimeAsync(100);
    expect(tab.errors).toEqual([]);
    refusals.mockRestore();
    databases = watchConnections(indexedDB);
    await vi.advanceTimersByTimeAsync(500);
    await vi.waitUntil(() => databases.length === 1);
    expect(tab.errors).toEqual([]);
  });

  test('R15: that cannot make it anew says so, unless it is closed meanwhile', async () => {
    const [tab, closing] = [await openTab(), await openTab()];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('broken', 'UnknownError');
    });
    for (const database of databases) forceCloseDatabase(database as never);
    await nextTurn();
    await closing.backend.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tab.errors).toMatchObject([{ code: 'STORE_UNAVAILABLE' }]);
    expect(closing.errors).toEqual([]);
  });

  test('R15: a reset that cannot be noted is told all the same, and the failure as well', async () => {
    await visit();
    await wipe();
    const original = methodOf(IDBObjectStore.prototype, 'put');
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      value: { told?: string[] },
    ) {
      if (value.told?.length) throw new DOMException('no', 'UnknownError');
      return original.call(this, value);
    });
    const { resets, errors } = await openTab();
    expect(resets).toHaveLength(1);
    await vi.waitUntil(() => errors.length > 0);
    expect(errors).toMatchObject([{ name: 'UnknownError' }]);
  });

  test('out of the back/forward cache looks at once', async () => {
    const page = new EventTarget();
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const fire = (type: string, persisted: boolean): boolean =>
      page.dispatchEvent(Object.assign(new Event(type), { persisted }));
    const tab = await openTab();
    fire('pagehide', true);
    await wipe();
    fire('pageshow', false);
    expect(tab.resets).toEqual([]);
    fire('pageshow', true);
    await vi.waitUntil(() => tab.resets.length === 1);
  });
});
