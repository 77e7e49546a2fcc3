import { describe, expect, test } from 'vitest';
import { snapshot } from '../snapshot.js';
import { fromCloneable, toCloneable } from './cloneable.js';

/** Through storage and back, as a row goes. */
function roundTrip(data: unknown): unknown {
  const row = structuredClone({ ...toCloneable(data) });
  return fromCloneable(row.data, row.placeholders);
}

function customError(name: string, message: string, cause?: unknown): Error {
  const error = new Error(message, { cause });
  error.name = name;
  return snapshot(error) as Error;
}

describe('data without URL and Error', () => {
  test('is passed on as it is, without a list', () => {
    const data = { list: [1, new Map([['a', new Set([null])]])], bytes: new Uint8Array(4) };
    const row = toCloneable(data);
    expect(row.data).toBe(data);
    expect(row).not.toHaveProperty('placeholders');
    expect(fromCloneable(data, undefined)).toBe(data);
  });

  test('may hold cycles and much shared structure', () => {
    const data: Record<string, unknown> = {};
    data['self'] = data;
    let shared: unknown = [];
    for (let depth = 0; depth < 60; depth++) shared = [shared, shared];
    data['shared'] = shared;
    expect(toCloneable(data).data).toBe(data);
  });
});

describe('R12 URL and Error survive the structured clone', () => {
  test('wherever they are', () => {
    const url = (path: string): URL => new URL(`https://example.org/${path}`);
    const data = {
      plain: url('plain'),
      list: [1, url('list')],
      map: new Map<unknown, unknown>([
        [url('key'), 'before'],
        ['inner', { deep: url('value') }],
      ]),
      set: new Set([url('member'), 7]),
      date: new Date(5),
    };
    const copy = roundTrip(data) as typeof data;
    expect(copy).toEqual(data);
    expect(copy.plain).toBeInstanceOf(URL);
    expect([...copy.map.keys()]).toEqual([url('key'), 'inner']);
    expect([...copy.set]).toEqual([url('member'), 7]);
  });

  test.each([
    ['itself', (url: URL): unknown => url],
    ['in a plain object', (url: URL) => ({ url })],
    ['in an array', (url: URL) => [url]],
    ['as a key of a Map', (url: URL) => new Map([[url, 1]])],
    ['as a value of a Map', (url: URL) => new Map([[1, url]])],
    ['in a Set', (url: URL) => new Set([url])],
    ['deep within', (url: URL) => [{ map: new Map([['set', new Set([[url]])]]) }]],
  ])('also when it is the only one: %s', (_, wrap) => {
    expect(roundTrip(wrap(new URL('https://example.org/')))).toStrictEqual(
      wrap(new URL('https://example.org/')),
    );
  });

  test('an Error keeps its type, custom name, message and cause, and has no stack', () => {
    const cause = customError('PaymentError', 'declined', { url: new URL('https://example.org/') });
    const error = snapshot(new TypeError('broken', { cause })) as Error;
    const copy = roundTrip({ error }) as { error: Error & { cause: Error } };
    expect(copy.error).toBeInstanceOf(TypeError);
    expect(copy.error.message).toBe('broken');
    expect(copy.error.cause.name).toBe('PaymentError');
    expect(copy.error.cause.cause).toEqual({ url: new URL('https://example.org/') });
    expect(copy.error.stack).toBeUndefined();
    expect(roundTrip(snapshot(new Error('none')))).not.toHaveProperty('cause');
  });

  test('cycles through a cause, and shared objects, stay what they are', () => {
    const error = customError('Loop', 'round');
    const url = new URL('https://example.org/');
    const data: Record<string, unknown> = { error, again: error, urls: [url, url] };
    error.cause = data;
    const copy = roundTrip(data) as { error: Error; again: Error; urls: URL[] };
    expect(copy.error.cause).toBe(copy);
    expect(copy.again).toBe(copy.error);
    expect(copy.urls[0]).toBe(copy.urls[1]);
    expect(copy.urls[0]).toBeInstanceOf(URL);
  });

  test('data that looks like a placeholder stays data', () => {
    const data = {
      href: 'https://example.org/',
      name: 'n',
      message: 'm',
      url: new URL('https://a/'),
    };
    const copy = roundTrip([data, { href: 'no url at all' }]);
    expect(copy).toEqual([data, { href: 'no url at all' }]);
  });

  test('what is given to be stored is not changed', () => {
    const url = new URL('https://example.org/');
    const error = customError('Kept', 'kept', url);
    const data = { url, list: [url], error };
    toCloneable(data);
    expect(data).toEqual({ url, list: [url], error });
    expect(data.list[0]).toBe(url);
    expect(error.cause).toEqual(url);
  });
});

describe('R8 what was stored by others', () => {
  test.each([
    ['no list', null],
    ['no list', { length: 0 }],
    ['null in it', [null]],
    ['a string in it', ['x']],
    ['something of neither kind', [{ name: 'x' }]],
    ['no valid URL', [{ href: 'not a url' }]],
  ])('a list of placeholders that is broken (%s) throws', (_, placeholders) => {
    expect(() => fromCloneable({}, placeholders)).toThrow(TypeError);
  });

  test('a stored __proto__ reaches no prototype', () => {
    const data: unknown = JSON.parse('{"__proto__": {"admin": true}, "url": {}}');
    expect(() => fromCloneable(data, [{ href: 'https://example.org/' }])).toThrow('__proto__');
    expect('admin' in {}).toBe(false);
  });
});
