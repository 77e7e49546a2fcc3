import { describe, expect, test } from 'vitest';
import {
  contentOf,
  fragile,
  journalKey,
  openIn,
  pass,
  usesBeforeWriting,
} from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend } from '../backend.js';
import type { Clock } from '../clock.js';
import { payloadOf } from '../payload.js';
import { simulateOrigin, type SimulatedTab } from '../testing/index.js';
import { codeOf } from '../testing/outcome.js';
import { live, put, slot, tombstone } from '../testing/records.js';

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

  test('takes back first what makes room', async () => {
    const clock = virtualClock();
    const tab = simulateOrigin({ clock, quota: 30_000 }).openTab();
    const backend = await openIn(tab, clock);
    await put(backend, live('a', { data: big(8000) }));
    await put(backend, live('b', { data: big(100) }));
    const before = contentOf(tab.storage);
    const outcome = put(
      backend,
      live('a', { version: 2, data: big(10) }),
      live('b', { version: 2, data: big(8000) }),
      live('c', { data: big(9000) }),
    );
    await expect(outcome).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(contentOf(tab.storage)).toEqual(before);
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

  test('refuses even the first record, and blocks nobody', async () => {
    const clock = virtualClock();
    const origin = simulateOrigin({ clock, quota: 1000 });
    const [one, two] = [origin.openTab(), origin.openTab()];
    const backends = [await openIn(one, clock), await openIn(two, clock)];
    one.storage.setItem('stuffing', 's'.repeat(980));
    origin.settle();
    for (const backend of backends) {
      await expect(put(backend, live('a'))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      expect(contentOf(one.storage)).toEqual({ stuffing: 's'.repeat(980) });
    }
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
    await pass(clock, 300);
    dieAfter(usesBeforeWriting.two + 2); // the epoch and the journal
    const write = put(writer, live('a', { data: big(3000) }), live('b', { data: big(3000) }));
    expect(await codeOf(write)).toBe('STORE_UNAVAILABLE');
    origin.settle();
    const next = origin.openTab();
    expect(next.storage.getItem(journalKey)).toContain('xxx');
    next.storage.setItem('stuffing', 's'.repeat(20_000 - lengthOf(next.storage) - 100));
    const backend = await openIn(next, clock);
    expect(await backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['a', 'b']);
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
