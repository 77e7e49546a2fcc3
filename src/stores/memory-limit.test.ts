import { describe, expect, test } from 'vitest';
import { MemoryTabs } from '../../test/memory-tabs.js';
import type { Backend } from '../backend.js';
import { openStore } from '../core.js';
import { fakeClock } from '../testing/fake-clock.js';
import { live, put, slot, times, tombstone } from '../testing/records.js';
import { fallbackBackend } from './fallback.js';
import { memoryBackend } from './memory.js';

const idsIn = (backend: Backend): Promise<string[]> => backend.listIds({ aliveAt: 0, limit: 99 });

async function opened(maxSessions: number): Promise<Backend> {
  const backend = memoryBackend({ maxSessions });
  const onError = (error: unknown): never => {
    throw error;
  };
  const context = { name: 'test', now: () => 0, onError, onChange: () => {}, onReset: () => {} };
  await backend.open(context);
  return backend;
}

describe('maxSessions', () => {
  test('those go that were not written or read for the longest', async () => {
    const backend = await opened(3);
    for (const id of ['a', 'b', 'c']) await put(backend, live(id));
    await backend.read('a');
    await put(backend, live('b', { version: 2 }));
    await put(backend, live('d'));
    expect(await idsIn(backend)).toEqual(['a', 'b', 'd']);
    await put(backend, live('e'), live('f'));
    expect(await idsIn(backend)).toEqual(['d', 'e', 'f']);
    expect(await backend.read('a')).toBe(undefined);
  });

  test('tombstones and slots do not count, and stay', async () => {
    const backend = await opened(1);
    await put(backend, tombstone('x'), tombstone('y'), slot('default', 'a'), live('a'));
    await put(backend, live('b'));
    const { records } = await backend.scan({ by: 'id', limit: 9 });
    expect(records.map(({ id }) => id)).toEqual(['\u0001slot:default', 'b', 'x', 'y']);
  });

  test('a change that writes too many at once keeps the last of them', async () => {
    const backend = await opened(2);
    await put(backend, live('old'));
    await put(backend, ...times(4, (i) => live(`id ${i}`)));
    expect(await idsIn(backend)).toEqual(['id 2', 'id 3']);
  });

  test('what ends makes room', async () => {
    const backend = await opened(2);
    await put(backend, live('a'), live('b'));
    await put(backend, tombstone('b', { version: 2 }), live('c'));
    expect(await idsIn(backend)).toEqual(['a', 'c']);
  });

  test('R1 clear keeps to it as well as to what retain says', async () => {
    const backend = await opened(2);
    await put(backend, live('a'), live('b'));
    await backend.clear((records) => [...records, live('c')]);
    expect(await idsIn(backend)).toEqual(['b', 'c']);
  });

  test('goes for all tabs together, and all lose the same', async () => {
    const tabs = new MemoryTabs();
    const all = await Promise.all(times(3, () => tabs.open({ maxSessions: 4 })));
    await Promise.all(times(12, (i) => put(all[i % 3]!.backend, live(`id ${i}`))));
    await all[0]!.backend.read('id 0');
    const kept = await Promise.all(all.map(({ backend }) => idsIn(backend)));
    expect(kept[0]).toHaveLength(4);
    expect(kept).toEqual([kept[0], kept[0], kept[0]]);
  });

  test('R4 what went was not signed out: it is absent, and its slot starts anew', async () => {
    const store = await openStore<string>({
      name: 'test',
      backend: memoryBackend({ maxSessions: 1 }),
      clock: fakeClock(),
    });
    const { id } = await store.current({ create: () => 'first' });
    await store.create('another');
    expect(await store.load(id)).toBe(undefined);
    await expect(store.update(id, () => 'late')).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    expect((await store.current({ create: () => 'second' })).data).toBe('second');
    await store.close();
  });

  test('refuses what is no number of sessions', () => {
    for (const bad of [0, -1, 1.5, Number.NaN, Infinity]) {
      expect(() => memoryBackend({ maxSessions: bad })).toThrow(RangeError);
    }
    expect(() => memoryBackend({ maxSessions: '3' as never })).toThrow(TypeError);
  });
});

describe('what cannot be cloned', () => {
  test('R12 is refused with ENCODE_FAILED, with nothing written, and takes nothing else with it', async () => {
    const tabs = new MemoryTabs();
    const [one, other] = [await tabs.open(), await tabs.open()];
    const bad = live('bad', { data: { value: () => ({ call: () => {} }) } });
    const outcomes = await Promise.allSettled([
      put(one.backend, live('good')),
      one.backend.transact(['bad'], () => ({ write: [bad], result: undefined })),
      put(one.backend, live('fine')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'ENCODE_FAILED' } });
    for (const { backend } of [one, other]) expect(await idsIn(backend)).toEqual(['fine', 'good']);
    await put(other.backend, live('later'));
    expect(await idsIn(one.backend)).toEqual(['fine', 'good', 'later']);
  });

  test('R12 also where there is no other tab', async () => {
    const { backend } = await new MemoryTabs().open();
    const bad = live('bad', { data: { value: () => Symbol('no') } });
    const writing = backend.transact(['bad'], () => ({ write: [bad], result: undefined }));
    await expect(writing).rejects.toMatchObject({ code: 'ENCODE_FAILED' });
    expect(await idsIn(backend)).toEqual([]);
  });
});

test('the last of a list is shared as well, and moves up for all tabs', async () => {
  const tabs = new MemoryTabs();
  const better = memoryBackend();
  let isRefusing = true;
  const openTab = async () => {
    const tab = tabs.tab();
    const refusing = Object.create(better, {
      name: { value: 'better' },
      open: {
        value: (context: Parameters<Backend['open']>[0]) =>
          isRefusing ? Promise.reject(new Error('refused')) : better.open(context),
      },
    }) as Backend;
    const methods = ['read', 'transact', 'scan', 'listIds', 'clear', 'close'] as const;
    for (const method of methods) {
      Object.assign(refusing, { [method]: better[method].bind(better) });
    }
    Object.defineProperty(refusing, 'capabilities', { get: () => better.capabilities });
    const backend = fallbackBackend([refusing, tab.backend], {
      retryEvery: 1000,
      clock: tabs.clock,
    });
    await backend.open(tab.context);
    return { tab, backend };
  };
  const [one, other] = [await openTab(), await openTab()];
  expect(one.backend.capabilities.shared).toBe('origin');
  await put(one.backend, live('a'));
  expect(await idsIn(other.backend)).toEqual(['a']);
  isRefusing = false;
  await tabs.pass(2000);
  await put(one.backend, live('b'));
  await tabs.pass(200);
  await put(one.backend, live('c'));
  await put(other.backend, live('d'));
  expect([one.backend.name, other.backend.name]).toEqual(['better', 'better']);
  for (const { backend } of [one, other]) {
    expect(await idsIn(backend)).toEqual(['a', 'b', 'c', 'd']);
  }
  expect([...one.tab.errors, ...other.tab.errors]).toEqual([]);
});
