import { describe, expect, test } from 'vitest';
import { keyValuePlace } from '../../test/places.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend, BackendContext, StoredRecord } from '../backend.js';
import type { Clock } from '../clock.js';
import { superjsonCodec } from '../codecs/superjson.js';
import { payloadOf } from '../payload.js';
import { conformance } from '../testing/index.js';
import { increment, live, plain, put, slot, tombstone } from '../testing/records.js';
import { simulateOrigin, type SimulatedTab } from '../testing/simulated-origin.js';
import { KeyValueBackend } from './key-value.js';
import { storageAreaStore } from './storage-area.js';

const codec = superjsonCodec();

function contextOf(clock: Clock, name = 'shop', errors: unknown[] = []): BackendContext {
  return { name, now: clock.now, onError: (error) => errors.push(error), onChange: () => {} };
}

function backendIn(tab: SimulatedTab, clock: Clock): Backend {
  return new KeyValueBackend({
    name: 'simulated',
    capabilities: () => ({
      shared: 'origin',
      atomic: true,
      persistent: true,
      durability: 'eventual',
      structuredClone: false,
    }),
    find: async () => ({ keyValue: storageAreaStore(tab.storage), area: 'simulated' }),
    locks: () => tab.locks,
    codec,
    clock,
  });
}

async function openIn(tab: SimulatedTab, clock: Clock, errors: unknown[] = []): Promise<Backend> {
  const backend = backendIn(tab, clock);
  await backend.open(contextOf(clock, 'shop', errors));
  return backend;
}

/** Lets simulated time pass. */
function pass(clock: Clock, delay: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delay, resolve));
}

const seeds = Array.from({ length: 40 }, (_, index) => index + 1);

describe('R2: increments by several tabs', () => {
  test('are lost under an exclusive Web Lock alone (control)', async () => {
    let kept = 0;
    for (const seed of seeds) {
      const clock = virtualClock();
      const origin = simulateOrigin({ seed, clock });
      const tabs = [origin.openTab(), origin.openTab(), origin.openTab()];
      await Promise.all(
        tabs.map(async ({ locks, storage }) => {
          for (let n = 0; n < 5; n++) {
            await locks.request('commit', () =>
              storage.setItem('count', String(Number(storage.getItem('count')) + 1)),
            );
          }
        }),
      );
      origin.settle();
      kept += Number(tabs[0]!.storage.getItem('count'));
    }
    expect(kept).toBeLessThan(0.8 * 15 * seeds.length);
  });

  test('are all kept by the fence', async () => {
    for (const seed of seeds) {
      const clock = virtualClock();
      const origin = simulateOrigin({ seed, clock });
      const tabs = [origin.openTab(), origin.openTab(), origin.openTab()];
      const backends = await Promise.all(tabs.map((tab) => openIn(tab, clock)));
      const results = await Promise.all(
        backends.map(async (backend) => {
          const counts: number[] = [];
          for (let n = 0; n < 5; n++) counts.push(await backend.transact(['a'], increment('a')));
          return counts;
        }),
      );
      const inOrder = results.flat().sort((one, other) => one - other);
      expect(inOrder).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
      origin.settle();
      expect(await backends[0]!.read('a')).toMatchObject({ version: 15 });
      await Promise.all(backends.map((backend) => backend.close()));
    }
  });

  test('are all kept by several backends of one tab, and of another', async () => {
    for (const seed of seeds.slice(0, 10)) {
      const clock = virtualClock();
      const origin = simulateOrigin({ seed, clock });
      const [one, two] = [origin.openTab(), origin.openTab()];
      const backends = await Promise.all([one, one, two, two].map((tab) => openIn(tab, clock)));
      for (let n = 0; n < 3; n++) {
        await Promise.all(backends.map((backend) => backend.transact(['a'], increment('a'))));
      }
      origin.settle();
      expect(await backends[0]!.read('a')).toMatchObject({ version: 12 });
    }
  });

  test('that were acknowledged are kept when their tabs crash at once, whoever held an older fence', async () => {
    for (const seed of seeds) {
      const clock = virtualClock();
      const origin = simulateOrigin({ seed, clock });
      const lagging = await openIn(origin.openTab(), clock);
      let acknowledged = 0;
      for (let round = 0; round < 4; round++) {
        // The older fence is that of a tab which then sees nothing new, until the last writer is gone.
        acknowledged = await lagging.transact(['a'], increment('a'));
        const doomed = origin.openTab();
        const writer = await openIn(doomed, clock);
        acknowledged = await writer.transact(['a'], increment('a'));
        doomed.kill();
      }
      expect(await lagging.transact(['a'], increment('a'))).toBe(acknowledged + 1);
    }
  });

  test('that were acknowledged are kept when their tab crashes at once, and the next one only looked on', async () => {
    for (const seed of seeds) {
      const clock = virtualClock();
      const origin = simulateOrigin({ seed, clock });
      const onlooker = await openIn(origin.openTab(), clock);
      await pass(clock, 1000);
      const doomed = origin.openTab();
      const writer = await openIn(doomed, clock);
      await writer.transact(['a'], increment('a'));
      doomed.kill();
      expect(await onlooker.transact(['a'], increment('a'))).toBe(2);
    }
  });

  test('are not overwritten by what a crash has left on its way', async () => {
    const claim = (backend: Backend, data: string): Promise<void> =>
      put(backend, live('a', { data: payloadOf(data) }));
    for (const seed of seeds) {
      const clock = virtualClock();
      const origin = simulateOrigin({ seed, clock });
      const survivor = await openIn(origin.openTab(), clock);
      await claim(survivor, 'first');
      const { tab, dieAfter } = fragile(origin.openTab());
      const doomed = await openIn(tab, clock);
      await claim(doomed, 'second');
      await claim(survivor, 'third');
      origin.settle();
      dieAfter(stepsBeforeWriting.one + 1);
      await expect(claim(doomed, 'last words')).rejects.toThrow();
      await claim(survivor, 'fourth');
      origin.settle();
      expect(plain(await survivor.read('a'))).toMatchObject({ data: 'fourth' });
      const late = await openIn(origin.openTab(), clock);
      expect(plain(await late.read('a'))).toMatchObject({ data: 'fourth' });
    }
  });

  test('of a tab that crashes at any moment are kept if they were acknowledged, and only once', async () => {
    for (const seed of seeds) {
      const clock = virtualClock();
      const origin = simulateOrigin({ seed, clock });
      const survivor = await openIn(origin.openTab(), clock);
      let acknowledged = 0;
      let attempts = 0;
      for (let round = 0; round < 6; round++) {
        const doomed = origin.openTab();
        const writer = await openIn(doomed, clock);
        const writing = (async () => {
          for (;;) {
            attempts++;
            await writer.transact(['a'], increment('a'));
            acknowledged++;
          }
        })().catch(() => {});
        await pass(clock, (seed * 7 + round * 13) % 60);
        doomed.kill();
        await survivor.transact(['a'], increment('a'));
        acknowledged++;
        attempts++;
        void writing;
      }
      origin.settle();
      const record = await survivor.read('a');
      expect(record?.version).toBeGreaterThanOrEqual(acknowledged);
      expect(record?.version).toBeLessThanOrEqual(attempts);
    }
  });
});

/** Counts what a tab does to its storage, and ends the tab before a chosen step. */
function fragile(tab: SimulatedTab): { tab: SimulatedTab; dieAfter: (steps: number) => void } {
  let left = Infinity;
  const storage = new Proxy(tab.storage, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (left-- <= 0) tab.kill();
        return member.apply(target, args);
      };
    },
  });
  return {
    tab: { storage, locks: tab.locks, kill: () => tab.kill() },
    dieAfter: (steps) => {
      left = steps;
    },
  };
}

// A commit reads its predecessor's number, the journal, and its records.
const stepsBeforeWriting = { one: 3, three: 5 };

const oldState = [live('a', { slot: 'main' }), slot('main', 'a')];
const newState = [
  tombstone('a', { version: 2, reason: 'rotated', successor: 'b' }),
  live('b', { version: 2, slot: 'main' }),
  slot('main', 'b'),
];

async function stateIn(backend: Backend): Promise<unknown[]> {
  const { records, unreadable } = await backend.scan({ by: 'id', limit: 10 });
  expect(unreadable).toEqual([]);
  return records.map(plain);
}

const inIdOrder = (records: StoredRecord[]): unknown[] =>
  records.map(plain).sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
const idOf = (record: unknown): string => (record as StoredRecord).id;

describe('R10: a change of several records', () => {
  /** @returns whether the tab died, and whether the change was made */
  async function rotateUntil(step: number, seed: number): Promise<{ died: boolean; done: boolean }> {
    const clock = virtualClock();
    const origin = simulateOrigin({ seed, clock });
    const { tab, dieAfter } = fragile(origin.openTab());
    const writer = await openIn(tab, clock);
    const witness = await openIn(origin.openTab(), clock);
    await put(writer, ...oldState);
    origin.settle();
    dieAfter(step);
    const died = await put(writer, ...newState).then(
      () => false,
      () => true,
    );
    // From here on nobody may see half of it, neither at once nor when the news arrive.
    const seen: unknown[][] = [];
    for (let look = 0; look < 12; look++) {
      seen.push(await stateIn(witness));
      await pass(clock, 5);
    }
    const last = seen.at(-1);
    const done = idOf(last?.[1]) === 'a' && (last?.[1] as StoredRecord).kind === 'tombstone';
    for (const state of seen) {
      expect([inIdOrder(oldState), inIdOrder(newState)]).toContainEqual(state);
    }
    const late = await openIn(origin.openTab(), clock);
    expect(await stateIn(late)).toEqual(done ? inIdOrder(newState) : inIdOrder(oldState));
    await put(late, live('c'));
    expect(await late.read('a')).toMatchObject({ kind: done ? 'tombstone' : 'live' });
    return { died, done };
  }

  test('is all or nothing in a crash before any step on storage', async () => {
    const outcomes = new Set<string>();
    for (let step = 0; ; step++) {
      const results = await Promise.all([1, 2, 3].map((seed) => rotateUntil(step, seed)));
      for (const { died, done } of results) outcomes.add(`${died} ${done}`);
      if (results.every(({ died }) => !died)) break;
    }
    // Dead before the journal was there, dead after it, and not dead at all.
    expect([...outcomes].sort()).toEqual(['false true', 'true false', 'true true']);
  });

  test('that a crash has cut off is finished when the next tab opens', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const { tab, dieAfter } = fragile(origin.openTab());
    const writer = await openIn(tab, clock);
    await put(writer, ...oldState);
    dieAfter(stepsBeforeWriting.three + 1);
    await expect(put(writer, ...newState)).rejects.toThrow();
    origin.settle();
    const next = origin.openTab();
    await openIn(next, clock);
    expect(next.storage.getItem('tabkeep:shop:journal')).toBeNull();
    expect(next.storage.getItem('tabkeep:shop:r:b')).toContain('"version":2');
  });

  test('that a crash has cut off is finished by a read, whichever record is asked for', async () => {
    for (const id of ['a', 'b', '\u0001slot:main']) {
      const clock = virtualClock();
      const origin = simulateOrigin({ clock });
      const { tab, dieAfter } = fragile(origin.openTab());
      const writer = await openIn(tab, clock);
      const reader = await openIn(origin.openTab(), clock);
      await put(writer, ...oldState);
      dieAfter(stepsBeforeWriting.three + 1);
      await expect(put(writer, ...newState)).rejects.toThrow();
      origin.settle();
      expect(plain(await reader.read(id))).toEqual(plain(newState.find((record) => record.id === id)));
      origin.settle();
      const { storage } = origin.openTab();
      expect(storage.getItem('tabkeep:shop:journal')).toBeNull();
    }
  });
});

const journalKey = 'tabkeep:shop:journal';

describe('a journal that is none', () => {
  const forged = [
    'garbage',
    '{}',
    '[["seq","9"]]',
    '[["tabkeep:shop:seq","9"]]',
    '[["tabkeep:other:r:a",null]]',
    '[["tabkeep:shop:r:a"]]',
    '[["tabkeep:shop:r:a",7]]',
    '[[null,null]]',
    '[null]',
  ];
  for (const journal of forged) {
    test(`is dropped and reported: ${journal}`, async () => {
      const clock = virtualClock();
      const { storage, ...tab } = simulateOrigin({ clock }).openTab();
      const errors: unknown[] = [];
      const backend = await openIn({ storage, ...tab }, clock, errors);
      await put(backend, live('a'));
      storage.setItem('tabkeep:other:r:a', 'of another namespace');
      storage.setItem(journalKey, journal);
      expect(plain(await backend.read('a'))).toEqual(plain(live('a')));
      expect(storage.getItem(journalKey)).toBeNull();
      expect(storage.getItem('tabkeep:other:r:a')).toBe('of another namespace');
      expect(errors).toMatchObject([{ code: 'DECODE_FAILED', raw: journal }]);
    });
  }
});

/** All that lies in a storage, but for the number of the last commit. */
function contentOf(storage: Storage): Record<string, string | null> {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index)!);
  const ours = keys.filter((key) => key !== 'tabkeep:shop:seq');
  return Object.fromEntries(ours.sort().map((key) => [key, storage.getItem(key)]));
}

const big = (length: number): ReturnType<typeof payloadOf> => payloadOf('x'.repeat(length));

describe('a full storage', () => {
  async function nearlyFull(): Promise<{ tab: SimulatedTab; backend: Backend; clock: Clock }> {
    const clock = virtualClock();
    const tab = simulateOrigin({ clock, quota: 20_000 }).openTab();
    const backend = await openIn(tab, clock);
    await put(backend, live('a', { owner: 'ann', data: big(4000) }));
    await put(backend, live('b', { owner: 'ann', data: big(4000) }));
    return { tab, backend, clock };
  }

  test('keeps the old value when a record grows too much', async () => {
    const { tab, backend } = await nearlyFull();
    const before = contentOf(tab.storage);
    const outcome = put(backend, live('a', { version: 2, data: big(20_000) }));
    await expect(outcome).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(contentOf(tab.storage)).toEqual(before);
  });

  test('keeps all old values when the journal does not fit, or the last of several records', async () => {
    for (const length of [14_000, 7700]) {
      const { tab, backend } = await nearlyFull();
      const before = contentOf(tab.storage);
      const outcome = put(
        backend,
        live('a', { version: 2, data: big(10) }),
        slot('main', 'c'),
        live('c', { data: big(length) }),
      );
      await expect(outcome).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      expect(contentOf(tab.storage)).toEqual(before);
    }
  });

  test('lets the others of one group pass', async () => {
    const { backend } = await nearlyFull();
    const outcomes = await Promise.allSettled([
      put(backend, live('c')),
      put(backend, live('d', { data: big(30_000) })),
      put(backend, live('e')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'b', 'c', 'e']);
  });

  test('still ends sessions, one and several, though a journal has no room', async () => {
    const { tab, backend } = await nearlyFull();
    tab.storage.setItem('stuffing', 's'.repeat(11_000));
    await expect(put(backend, live('c'))).resolves.toBeUndefined();
    tab.storage.setItem('more', 's'.repeat(20_000 - lengthOf(tab.storage) - 4));
    await expect(put(backend, live('d'))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await put(backend, tombstone('a'), tombstone('b'), tombstone('c'));
    expect(await backend.listIds({ aliveAt: 0, limit: 9 })).toEqual([]);
    expect(await backend.read('b')).toEqual(tombstone('b'));
  });

  test('is still cleared', async () => {
    const { tab, backend } = await nearlyFull();
    tab.storage.setItem('stuffing', 's'.repeat(20_000 - lengthOf(tab.storage) - 8));
    await backend.clear((records) => records.map(({ id }) => tombstone(id)));
    expect(await backend.read('a')).toEqual(tombstone('a'));
  });

  test('opens, to be read and made room in; one that never takes anything does not', async () => {
    const { tab, backend, clock } = await nearlyFull();
    tab.storage.setItem('stuffing', 's'.repeat(20_000 - lengthOf(tab.storage) - 8));
    await backend.close();
    const again = await openIn(tab, clock);
    expect(await again.read('a')).toMatchObject({ kind: 'live' });
    const refused = openIn(simulateOrigin({ clock, quota: 0 }).openTab(), clock);
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('finishes a change that was cut off, though others have filled it', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock, quota: 20_000 });
    const { tab, dieAfter } = fragile(origin.openTab());
    const writer = await openIn(tab, clock);
    dieAfter(4 + 1);
    const write = put(writer, live('a', { data: big(3000) }), live('b', { data: big(3000) }));
    await expect(write).rejects.toThrow();
    origin.settle();
    const next = origin.openTab();
    expect(next.storage.getItem(journalKey)).toContain('xxx');
    next.storage.setItem('stuffing', 's'.repeat(20_000 - lengthOf(next.storage) - 100));
    const backend = await openIn(next, clock);
    expect(await backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'b']);
  });

  test('is recognised by any name and code that browsers have given it', async () => {
    const errors = [
      { name: 'QuotaExceededError' },
      { name: 'NS_ERROR_DOM_QUOTA_REACHED' },
      { code: 22 },
      { code: 1014 },
    ];
    for (const error of errors) {
      const { tab, backend } = await failing(Object.assign(new Error('full'), error));
      await expect(put(backend, live('a'))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      expect(contentOf(tab.storage)).toEqual({});
    }
  });
});

function lengthOf(storage: Storage): number {
  let length = 0;
  for (let index = 0; index < storage.length; index++) {
    const key = storage.key(index)!;
    length += key.length + storage.getItem(key)!.length;
  }
  return length;
}

/** A backend in a storage that fails to write records, the first `passing` apart. */
async function failing(
  error: Error,
  passing = 0,
): Promise<{ tab: SimulatedTab; backend: Backend; clock: Clock }> {
  const clock = virtualClock();
  const tab = simulateOrigin({ clock }).openTab();
  let left = passing;
  const storage = new Proxy(tab.storage, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (key: string, ...args: unknown[]) => {
        if (property === 'setItem' && key.includes(':r:') && left-- <= 0) throw error;
        return member.call(target, key, ...args);
      };
    },
  });
  return { tab, backend: await openIn({ ...tab, storage }, clock), clock };
}

describe('a storage that fails', () => {
  test('refuses with STORE_UNAVAILABLE, the cause attached, and nothing is changed', async () => {
    const cause = new Error('Access is denied.');
    const { tab, backend } = await failing(cause, 1);
    const outcome = put(backend, live('a'), live('b'));
    await expect(outcome).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause });
    expect(contentOf(tab.storage)).toEqual({});
  });

  test('leaves no fence behind that nobody could pass, when not even taking back succeeds', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const one = origin.openTab();
    let isBroken = false;
    const storage = new Proxy(one.storage, {
      get(target, property) {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (isBroken && property !== 'getItem') throw new Error('The storage has died.');
          return member.apply(target, args);
        };
      },
    });
    const broken = await openIn({ ...one, storage }, clock);
    const other = await openIn(origin.openTab(), clock);
    await put(broken, live('a'));
    isBroken = true;
    await expect(put(broken, live('b'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await put(other, live('c'));
    expect(await other.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'c']);
  });
});

describe('a wiped storage', () => {
  test('delays nobody who has seen what was there', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const [one, two] = [origin.openTab(), origin.openTab()];
    const [first, second] = [await openIn(one, clock), await openIn(two, clock)];
    await put(second, live('a'));
    await put(first, live('b'));
    await second.scan({ by: 'id', limit: 1 });
    one.storage.clear();
    origin.settle();
    const begun = clock.now();
    for (const backend of [second, first, second]) await backend.transact(['c'], increment('c'));
    expect(clock.now() - begun).toBeLessThan(200);
    expect(await second.read('c')).toMatchObject({ version: 3 });
  });

  test('blocks somebody new for 5 seconds and no longer', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const one = origin.openTab();
    const first = await openIn(one, clock);
    await put(first, live('a'));
    one.storage.clear();
    origin.settle();
    const second = await openIn(origin.openTab(), clock);
    const begun = clock.now();
    await expect(put(second, live('b'))).rejects.toMatchObject({ code: 'STORE_BLOCKED' });
    expect(clock.now() - begun).toBeGreaterThanOrEqual(5000);
    expect(clock.now() - begun).toBeLessThan(5100);
    for (const backend of [second, first, second]) await backend.transact(['b'], increment('b'));
    expect(await second.read('b')).toMatchObject({ version: 3 });
  });
});

describe('a tab in the way', () => {
  const commitLock = 'tabkeep:shop:simulated:commit';

  async function blocked(): Promise<{
    backend: Backend;
    clock: Clock;
    tab: SimulatedTab;
    free: () => void;
  }> {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const other = origin.openTab();
    const tab = origin.openTab();
    const backend = await openIn(tab, clock);
    await put(backend, live('a'));
    let free = (): void => {};
    await new Promise<void>((resolve) => {
      const hold = (): Promise<void> => {
        resolve();
        return new Promise((release) => {
          free = release;
        });
      };
      other.locks.request(commitLock, hold).catch(() => {});
    });
    return { backend, clock, tab, free };
  }

  test('blocks a commit and a scan for 5 seconds; reads go on', async () => {
    const { backend, clock, tab, free } = await blocked();
    const before = contentOf(tab.storage);
    const begun = clock.now();
    const outcomes = await Promise.allSettled([
      put(backend, live('b')),
      backend.scan({ by: 'id', limit: 9 }),
      backend.clear(() => []),
      backend.read('a'),
    ]);
    const codes = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code);
    expect(codes).toEqual(['STORE_BLOCKED', 'STORE_BLOCKED', 'STORE_BLOCKED', false]);
    expect(clock.now() - begun).toBeGreaterThanOrEqual(5000);
    expect(contentOf(tab.storage)).toEqual(before);
    free();
    await put(backend, live('b'));
  });

  test('does not keep a backend from closing', async () => {
    const { backend, clock } = await blocked();
    const begun = clock.now();
    const scanning = expect(backend.scan({ by: 'id', limit: 9 })).rejects.toMatchObject({
      code: 'STORE_CLOSED',
    });
    await backend.close();
    await scanning;
    expect(clock.now() - begun).toBeLessThan(100);
  });
});

describe('locks', () => {
  const lockNames = async ({ locks }: SimulatedTab): Promise<string[]> => {
    const { held = [] } = await locks.query();
    return held.map(({ name = '' }) => name.replace(/:[^:]+$/, '')).sort();
  };

  test('one fence is held at a time, by whoever committed last; none after close', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const onlooker = origin.openTab();
    const backends: Backend[] = [];
    for (let n = 0; n < 3; n++) backends.push(await openIn(origin.openTab(), clock));
    await pass(clock, 10);
    expect(await lockNames(onlooker)).toHaveLength(3);
    for (const backend of [...backends, ...backends]) await put(backend, live('a'));
    await pass(clock, 10);
    expect(await lockNames(onlooker)).toEqual(['tabkeep:shop:simulated:fence:6']);
    await backends[0]!.close();
    expect(await lockNames(onlooker)).toEqual(['tabkeep:shop:simulated:fence:6']);
    await Promise.all(backends.map((backend) => backend.close()));
    await pass(clock, 10);
    expect(await lockNames(onlooker)).toEqual([]);
  });

  test('closing at once, twice, or before opening leaves nothing behind', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const errors: unknown[] = [];
    const tab = origin.openTab();
    const backend = await openIn(tab, clock, errors);
    await backend.close();
    await backend.close();
    await backendIn(tab, clock).close();
    await pass(clock, 1000);
    expect(await lockNames(tab)).toEqual([]);
    expect(errors).toEqual([]);
    await expect(backend.read('a')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await expect(put(backend, live('a'))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await backend.open(contextOf(clock));
    await put(backend, live('a'));
    await backend.close();
  });

  test('the first commit of a page waits for what an older page has left on its way, at most once', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const took = async (work: () => Promise<unknown>): Promise<number> => {
      const begun = clock.now();
      await work();
      return clock.now() - begun;
    };
    const early = await openIn(origin.openTab(), clock);
    expect(await took(() => put(early, live('a')))).toBeGreaterThan(240);
    expect(await took(() => put(early, live('a')))).toBeLessThan(20);
    await early.close();
    const late = await openIn(origin.openTab(), clock);
    await pass(clock, 300);
    expect(await took(() => put(late, live('a')))).toBeLessThan(20);
    await late.close();
    const reader = await openIn(origin.openTab(), clock);
    expect(await took(() => reader.scan({ by: 'id', limit: 1 }))).toBeLessThan(20);
  });

  test('that fail are told as STORE_UNAVAILABLE', async () => {
    const clock = virtualClock();
    const tab = simulateOrigin({ clock }).openTab();
    const refuse = (): Promise<never> => Promise.reject(new DOMException('No.', 'SecurityError'));
    for (const broken of ['request', 'query'] as const) {
      const locks = { ...tab.locks, [broken]: refuse } as LockManager;
      const errors: unknown[] = [];
      const backend = await openIn({ ...tab, locks }, clock, errors);
      await expect(put(backend, live('a'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await backend.close();
    }
  });
});

conformance(
  { describe, test, expect },
  () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const { storage } = origin.openTab();
    const place = keyValuePlace(
      storage,
      () => Object.keys(contentOf(storage)),
      () => backendIn(origin.openTab(), clock),
    );
    return {
      ...place,
      async plant(...damaged) {
        origin.settle();
        const raw = await place.plant!(...damaged);
        origin.settle();
        return raw;
      },
      catchUp: async () => origin.settle(),
    };
  },
  { title: 'conformance in simulated tabs' },
);
