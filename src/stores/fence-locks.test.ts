import { describe, expect, test } from 'vitest';
import { backendIn, contentOf, contextOf, openIn, pass } from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend } from '../backend.js';
import { simulateOrigin, type SimulatedTab } from '../testing/index.js';
import { codeOf } from '../testing/outcome.js';
import { live, put } from '../testing/records.js';

describe('locks', () => {
  const lockNames = async ({ locks }: SimulatedTab): Promise<string[]> => {
    const { held = [] } = await locks.query();
    return held.map(({ name = '' }) => name.replace(/:[^:]+$/, '').replace(/:0+/, ':')).sort();
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

  test('closing does not wait for a view to settle', async () => {
    const clock = virtualClock();
    const tab = simulateOrigin({ clock }).openTab();
    const backend = await openIn(tab, clock);
    const clearing = codeOf(backend.clear(() => []));
    await pass(clock, 50);
    const begun = clock.now();
    await backend.close();
    expect(await clearing).toBe('STORE_CLOSED');
    expect(clock.now() - begun).toBeLessThan(20);
  });

  const refusal = new DOMException('No.', 'SecurityError');
  const kinds: Record<string, (name: string, options: LockOptions) => boolean> = {
    'for a commit': (name) => name.endsWith(':commit'),
    'for a fence': (name) => name.includes(':fence:'),
    'to steal an older fence': (_, { steal }) => steal === true,
  };

  for (const [what, isRefused] of Object.entries(kinds)) {
    test(`a request ${what} that fails is told, and nothing is written`, async () => {
      const clock = virtualClock();
      const origin = simulateOrigin({ clock });
      const other = await openIn(origin.openTab(), clock);
      await put(other, live('a'));
      const onlyTab = origin.openTab();
      const { storage, locks } = onlyTab;
      let isRefusing = false;
      const request = (name: string, options: LockOptions, callback: () => unknown) =>
        isRefusing && isRefused(name, options)
          ? Promise.reject(refusal)
          : locks.request(name, options, callback);
      const tab = { ...onlyTab, locks: { request, query: () => locks.query() } as LockManager };
      const backend = await openIn(tab, clock);
      await backend.scan({ by: 'id', limit: 1 });
      isRefusing = true;
      const before = contentOf(storage);
      const told = { code: 'STORE_UNAVAILABLE', cause: refusal };
      await expect(put(backend, live('b'))).rejects.toMatchObject(told);
      expect(contentOf(storage)).toEqual(before);
    });
  }

  test('a fence that somebody else steals first is stolen all the same', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const other = await openIn(origin.openTab(), clock);
    await put(other, live('a'));
    const onlyTab = origin.openTab();
    const { locks } = onlyTab;
    const request = async (name: string, options: LockOptions, callback: () => unknown) => {
      const result: unknown = await locks.request(name, options, callback);
      if (options.steal) throw new DOMException('Stolen.', 'AbortError');
      return result;
    };
    const tab = { ...onlyTab, locks: { request, query: () => locks.query() } as LockManager };
    const backend = await openIn(tab, clock);
    await put(backend, live('b'));
    expect(await backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'b']);
  });

  test('that cannot be asked about are told as STORE_UNAVAILABLE', async () => {
    const clock = virtualClock();
    const tab = simulateOrigin({ clock }).openTab();
    const query = (): Promise<never> => Promise.reject(refusal);
    const locks = { request: tab.locks.request.bind(tab.locks), query } as LockManager;
    const backend = await openIn({ ...tab, locks }, clock);
    const told = { code: 'STORE_UNAVAILABLE', cause: refusal };
    await expect(put(backend, live('a'))).rejects.toMatchObject(told);
  });

  test('that fail while a page opens are reported (R15)', async () => {
    const clock = virtualClock();
    const tab = simulateOrigin({ clock }).openTab();
    const request = (): Promise<never> => Promise.reject(refusal);
    const errors: unknown[] = [];
    const locks = { request, query: () => tab.locks.query() } as LockManager;
    await openIn({ ...tab, locks }, clock, errors);
    await pass(clock, 10);
    expect(errors).toMatchObject([{ code: 'STORE_UNAVAILABLE', cause: refusal }]);
  });
});
