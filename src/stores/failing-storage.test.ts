import { describe, expect, test } from 'vitest';
import { contentOf, intercepted, journalKey, openIn } from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend } from '../backend.js';
import { simulateOrigin, type SimulatedTab } from '../testing/index.js';
import { live, put } from '../testing/records.js';

/** A backend in a storage that fails to write records, the first `passing` apart. */
async function failing(
  error: Error,
  passing = 0,
): Promise<{ readonly tab: SimulatedTab; readonly backend: Backend }> {
  const clock = virtualClock();
  const tab = simulateOrigin({ clock }).openTab();
  let left = passing;
  const storage = intercepted(tab.storage, (method, key) => {
    if (method === 'setItem' && String(key).includes(':r:') && left-- <= 0) throw error;
  });
  return { tab, backend: await openIn({ ...tab, storage }, clock) };
}

describe('a storage that fails', () => {
  test('is full, by any name and code that browsers have given that', async () => {
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
    const storage = intercepted(one.storage, (method) => {
      if (isBroken && method !== 'getItem') throw new Error('The storage has died.');
    });
    const broken = await openIn({ ...one, storage }, clock);
    const other = await openIn(origin.openTab(), clock);
    await put(broken, live('a'));
    isBroken = true;
    await expect(put(broken, live('b'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await put(other, live('c'));
    expect(await other.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'c']);
  });

  test('blocks nobody else when a journal in it cannot be replayed', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock });
    const one = origin.openTab();
    const storage = intercepted(one.storage, (method, key) => {
      if (method === 'setItem' && String(key).endsWith(':r:b')) throw new Error('Broken.');
    });
    const broken = await openIn({ ...one, storage }, clock);
    const other = await openIn(origin.openTab(), clock);
    await put(broken, live('a'));
    const [, text] = Object.entries(contentOf(storage))[0]!;
    storage.setItem(journalKey, JSON.stringify([['tabkeep:shop:r:b', text]]));
    await expect(broken.read('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(put(broken, live('a'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(storage.getItem(journalKey)).toContain('tabkeep:shop:r:b');
    const begun = clock.now();
    await put(other, live('c'));
    expect(clock.now() - begun).toBeLessThan(1000);
    origin.settle();
    expect(storage.getItem(journalKey)).toBeNull();
  });
});
