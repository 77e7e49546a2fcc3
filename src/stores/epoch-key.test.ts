import { describe, expect, test } from 'vitest';
import { capabilities, codec, contextOf, intercepted, pass } from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend, StoreReset } from '../backend.js';
import type { Clock } from '../clock.js';
import { simulateOrigin, type SimulatedOrigin, type SimulatedTab } from '../testing/index.js';
import { increment, live, put } from '../testing/records.js';
import type { Witness } from './epoch.js';
import { KeyValueBackend } from './key-value.js';
import { storageAreaStore } from './storage-area.js';

const epochKey = 'tabkeep:shop:epoch';

/** A witness in another storage, which all tabs see at once. */
class FakeWitness implements Witness {
  id: string | undefined;
  asked = 0;
  /** What reading waits for. */
  answer: Promise<unknown> = Promise.resolve();

  async read(): Promise<string | undefined> {
    this.asked++;
    await this.answer;
    return this.id;
  }

  write(id: string): void {
    this.id = id;
  }
}

interface World {
  readonly clock: Clock;
  readonly origin: SimulatedOrigin;
  readonly witness: FakeWitness;
}

interface Tab extends SimulatedTab {
  readonly backend: Backend;
  readonly resets: StoreReset[];
  readonly errors: unknown[];
}

function world(seed = 1): World {
  const clock = virtualClock();
  return { clock, origin: simulateOrigin({ seed, clock }), witness: new FakeWitness() };
}

async function openTab(
  { clock, origin, witness }: World,
  storageOf = ({ storage }: SimulatedTab): Storage => storage,
): Promise<Tab> {
  const tab = origin.openTab();
  const resets: StoreReset[] = [];
  const errors: unknown[] = [];
  const backend = new KeyValueBackend({
    name: 'simulated',
    capabilities: () => capabilities,
    find: async () => ({
      keyValue: storageAreaStore(storageOf(tab)),
      area: 'simulated',
      witness: () => witness,
    }),
    locks: () => tab.locks,
    codec,
    clock,
    monotonic: () => clock.now(),
  });
  await backend.open({ ...contextOf(clock, errors), onReset: (reset) => resets.push(reset) });
  return { ...tab, backend, resets, errors };
}

/** A visit that stores something, and is over. */
async function visit(at: World): Promise<StoreReset[]> {
  const { backend, resets } = await openTab(at);
  await backend.read('a');
  await backend.transact(['a'], increment('a'));
  await backend.close();
  at.origin.settle();
  return resets;
}

function wipe({ origin }: World): void {
  origin.settle();
  const { storage } = origin.openTab();
  storage.clear();
  origin.settle();
}

function epochOf({ origin }: World): { readonly id: string; readonly told: string[] } {
  origin.settle();
  return JSON.parse(origin.openTab().storage.getItem(epochKey)!) as never;
}

describe('R16: from one visit to the next', () => {
  test('a wipe is told once, and not again when an old witness comes back', async () => {
    const at = world();
    expect([await visit(at), await visit(at)]).toEqual([[], []]);
    const { id: previous } = epochOf(at);
    expect(at.witness.id).toBe(previous);
    wipe(at);
    const resets = await visit(at);
    expect(resets).toEqual([{ epoch: epochOf(at).id, previous }]);
    expect(epochOf(at).told).toEqual([previous]);
    at.witness.id = previous;
    expect(await visit(at)).toEqual([]);
    expect(at.witness.id).toBe(epochOf(at).id);
  });

  test('a witness that is lost is written again, and tells nothing', async () => {
    const at = world();
    await visit(at);
    at.witness.id = undefined;
    expect(await visit(at)).toEqual([]);
    expect(at.witness.id).toBe(epochOf(at).id);
  });

  test.each([
    ['read', (backend: Backend) => backend.read('a')],
    ['transact', (backend: Backend) => backend.transact(['a'], () => ({ result: undefined }))],
    ['listIds', (backend: Backend) => backend.listIds({ aliveAt: 0, limit: 9 })],
    ['scan', (backend: Backend) => backend.scan({ by: 'owner', owner: 'ann', limit: 9 })],
  ] as const)('%s of an emptied storage waits for the witness', async (_, look) => {
    const at = world();
    await visit(at);
    wipe(at);
    at.witness.answer = pass(at.clock, 200);
    const { backend, resets } = await openTab(at);
    await look(backend);
    expect(resets).toHaveLength(1);
  });

  test('a witness that does not answer holds the first look up for a second, and no other', async () => {
    const at = world();
    at.witness.answer = new Promise(() => {});
    const { backend, resets } = await openTab(at);
    const begun = at.clock.now();
    await backend.read('a');
    expect(at.clock.now() - begun).toBeGreaterThanOrEqual(1000);
    const then = at.clock.now();
    await backend.read('a');
    expect([at.clock.now() - then, resets]).toEqual([0, []]);
  });

  test('one that fails is none', async () => {
    const at = world();
    await visit(at);
    wipe(at);
    at.witness.answer = Promise.reject(new Error('no'));
    expect(await visit(at)).toEqual([]);
  });

  test('a storage that has something is not kept waiting', async () => {
    const at = world();
    await visit(at);
    at.witness.answer = new Promise(() => {});
    const { backend } = await openTab(at);
    const begun = at.clock.now();
    expect(await backend.read('a')).toMatchObject({ version: 1 });
    expect(at.clock.now()).toBe(begun);
  });

  test('a look that finds another storage than the witness says comes by itself', async () => {
    const at = world();
    await visit(at);
    at.witness.id = 'another';
    const tab = await openTab(at);
    await tab.backend.read('a');
    expect(tab.resets).toEqual([]);
    for (let i = 0; i < 20; i++) await pass(at.clock, 50);
    expect(tab.resets).toEqual([{ epoch: epochOf(at).id, previous: 'another' }]);
    expect(tab.errors).toEqual([]);
  });

  test('who moves everything elsewhere does not ask, and has nothing to lose', async () => {
    const at = world();
    await visit(at);
    wipe(at);
    at.witness.asked = 0;
    const { backend, resets } = await openTab(at);
    await backend.scan({ by: 'id', limit: 9 });
    expect([at.witness.asked, resets]).toEqual([0, []]);
  });
});

describe('R16: between tabs', () => {
  test('a view that lags behind the witness tells nothing', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 12; round++) {
      const at = world(round + 1);
      const tabs = [await openTab(at), await openTab(at), await openTab(at)];
      const work = tabs.map(async ({ backend }) => {
        await backend.read('a');
        await backend.transact(['a'], increment('a'));
        await backend.listIds({ aliveAt: 0, limit: 9 });
      });
      await Promise.all(work);
      const late = await openTab(at);
      await late.backend.transact(['a'], increment('a'));
      expect([...tabs, late].flatMap(({ resets }) => resets)).toEqual([]);
      expect(await late.backend.read('a')).toMatchObject({ version: 4 });
    }
  });

  test('all tabs are told of the same store, and none is held up for long', async () => {
    const at = world();
    const tabs = [await openTab(at), await openTab(at), await openTab(at)];
    for (const { backend } of tabs) await backend.transact(['a'], increment('a'));
    for (let round = 1; round <= 3; round++) {
      wipe(at);
      const begun = at.clock.now();
      await Promise.all(tabs.map(({ backend }) => backend.transact(['a'], increment('a'))));
      expect(at.clock.now() - begun).toBeLessThan(2000);
      at.origin.settle();
      expect(await tabs[0]!.backend.read('a')).toMatchObject({ version: 3 });
      for (const { resets } of tabs) expect(resets).toEqual(tabs[0]!.resets);
      expect(tabs[0]!.resets).toHaveLength(round);
    }
  });

  test('clear takes no epoch away, and what is no epoch is one that is lost', async () => {
    const at = world();
    const { backend, resets, storage } = await openTab(at);
    await put(backend, live('a'), live('b'));
    await backend.clear(() => []);
    await put(backend, live('a'));
    expect(resets).toEqual([]);
    storage.setItem(epochKey, 'no epoch');
    await backend.read('a');
    expect(resets).toHaveLength(1);
  });
});

describe('R16: a storage without room for an epoch', () => {
  const full = (tab: SimulatedTab): Storage =>
    intercepted(tab.storage, (method, key) => {
      if (method !== 'setItem' || key !== epochKey || !isFull) return;
      throw Object.assign(new Error('full'), { name: 'QuotaExceededError' });
    });
  let isFull = true;

  test('works without, and has one later', async () => {
    isFull = true;
    const at = world();
    const { backend, resets, storage } = await openTab(at, full);
    await backend.transact(['a'], increment('a'));
    expect(storage.getItem(epochKey)).toBeNull();
    isFull = false;
    await backend.transact(['a'], increment('a'));
    expect(epochOf(at).id).toBe(at.witness.id);
    expect([await backend.read('a'), resets]).toMatchObject([{ version: 2 }, []]);
  });

  test('tells of a wipe once', async () => {
    isFull = false;
    const at = world();
    const { backend, resets } = await openTab(at, full);
    await backend.transact(['a'], increment('a'));
    wipe(at);
    isFull = true;
    for (let i = 1; i <= 2; i++) {
      expect(await backend.transact(['a'], increment('a'))).toBe(i);
      expect(await backend.read('a')).toMatchObject({ version: i });
    }
    isFull = false;
    await backend.transact(['a'], increment('a'));
    expect(resets).toEqual([{ epoch: epochOf(at).id, previous: expect.any(String) }]);
  });

  test('one that fails otherwise refuses', async () => {
    const at = world();
    const { backend } = await openTab(at, (tab) =>
      intercepted(tab.storage, (method, key) => {
        if (method === 'setItem' && key === epochKey) throw new Error('broken');
      }),
    );
    const failing = backend.transact(['a'], increment('a'));
    await expect(failing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await backend.read('a')).toBeUndefined();
  });
});
