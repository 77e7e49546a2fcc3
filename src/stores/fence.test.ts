import { describe, expect, test } from 'vitest';
import {
  contentOf,
  fragile,
  openIn,
  pass,
  seeds,
  usesBeforeWriting,
} from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend } from '../backend.js';
import type { Clock } from '../clock.js';
import { payloadOf } from '../payload.js';
import { simulateOrigin, type SimulatedTab } from '../testing/index.js';
import { codeOf } from '../testing/outcome.js';
import { increment, live, plain, put } from '../testing/records.js';

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
      dieAfter(usesBeforeWriting.one + 1);
      expect(await codeOf(claim(doomed, 'last words'))).toBe('STORE_UNAVAILABLE');
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

  async function blocked(who: 'another tab' | 'this tab'): Promise<{
    backend: Backend;
    clock: Clock;
    tab: SimulatedTab;
  }> {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const tab = origin.openTab();
    const backend = await openIn(tab, clock);
    await put(backend, live('a'));
    const { locks } = who === 'this tab' ? tab : origin.openTab();
    await new Promise<void>((resolve) => {
      const hold = (): Promise<void> => new Promise(() => resolve());
      locks.request(commitLock, hold).catch(() => {});
    });
    return { backend, clock, tab };
  }

  test('that gives no sign of life loses its lock: a commit and a list take 6.75 seconds, a read none', async () => {
    const { backend, clock } = await blocked('another tab');
    const begun = clock.now();
    await backend.read('a');
    expect(clock.now() - begun).toBeLessThan(100);
    await Promise.all([
      put(backend, live('b')),
      backend.scan({ by: 'id', limit: 9 }),
      backend.clear((all) => all),
    ]);
    expect(clock.now() - begun).toBeGreaterThanOrEqual(6750);
    expect(clock.now() - begun).toBeLessThan(7000);
    expect(await backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'b']);
  });

  test('that is this tab itself is told after 5 seconds; reads go on', async () => {
    const { backend, clock, tab } = await blocked('this tab');
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
  });

  for (const [when, waited] of [
    ['waits', 0],
    ['takes over', 5500],
  ] as const) {
    test(`does not keep a backend from closing while it ${when}`, async () => {
      const { backend, clock } = await blocked('another tab');
      const scanning = codeOf(backend.scan({ by: 'id', limit: 9 }));
      await pass(clock, waited);
      const begun = clock.now();
      await backend.close();
      expect(await scanning).toBe('STORE_CLOSED');
      expect(clock.now() - begun).toBeLessThan(100);
    });
  }
});
