/** What only a browser has: DOM objects, data from another realm, proxies over both. */

import { expect, test } from 'vitest';
import { codeOf } from './testing/outcome.js';
import { openStore } from './core.js';
import { snapshot } from './snapshot.js';
import { indexedDBBackend } from './stores/indexeddb.js';
import { localStorageBackend } from './stores/local-storage.js';

const carriedByNobody: [name: string, value: () => unknown][] = [
  ['a DOM node', () => document.createElement('p')],
  ['a proxy over a DOM node', () => new Proxy(document.createElement('p'), {})],
  ['the window', () => window],
  ['an event', () => new Event('click')],
  ['a live collection', () => document.children],
  ['a promise', () => Promise.resolve()],
  ['an abort signal', () => new AbortController().signal],
];

test.each(carriedByNobody)('R12 %s is refused, and nothing is written', async (_, value) => {
  for (const backend of [indexedDBBackend(), localStorageBackend()]) {
    const store = await openStore<unknown>({ name: 'refused', backend });
    expect(await codeOf(store.create({ deep: [value()] }, { id: 'a' }))).toBe('ENCODE_FAILED');
    expect(await store.load('a')).toBeUndefined();
    expect(await store.listIds()).toEqual([]);
    await store.close();
  }
});

test('R12 data from a frame, and a proxy over plain data, are copied as what they show', () => {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const foreign: unknown = (frame.contentWindow as unknown as { eval(code: string): unknown }).eval(
    '({ list: [1], map: new Map([["a", new Date(5)]]), bytes: new Uint8Array([7]), none: Object.create(null) })',
  );
  const copy = snapshot(foreign) as { map: Map<string, Date>; list: number[] };
  frame.remove();
  expect(copy).toEqual({
    list: [1],
    map: new Map([['a', new Date(5)]]),
    bytes: new Uint8Array([7]),
    none: {},
  });
  expect(copy.map).toBeInstanceOf(Map);
  expect(copy.map.get('a')).toBeInstanceOf(Date);
  expect(snapshot(new Proxy({ items: new Proxy(['tea'], {}) }, {}))).toEqual({ items: ['tea'] });
});

test('Blob and File go into IndexedDB, and are refused where values are text', async () => {
  const file = new File(['tea'], 'order.txt', { type: 'text/plain' });
  const structured = await openStore<{ file: File }>({
    name: 'files',
    backend: indexedDBBackend(),
  });
  const { id } = await structured.create({ file });
  expect(await (await structured.load(id))?.data.file.text()).toBe('tea');
  await structured.clear();
  await structured.close();

  const text = await openStore<{ file: File }>({ name: 'files', backend: localStorageBackend() });
  expect(await codeOf(text.create({ file }, { id: 'a' }))).toBe('ENCODE_FAILED');
  expect(await text.load('a')).toBeUndefined();
  await text.close();
});
