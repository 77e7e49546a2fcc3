import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSessionError } from './errors.js';
import { snapshot } from './snapshot.js';
import { differenceOf } from './testing/outcome.js';

/** The text of the refusal. */
function refusal(data: unknown): string {
  try {
    snapshot(data);
  } catch (error) {
    if (isSessionError(error, 'ENCODE_FAILED')) return error.message;
    throw error;
  }
  return 'carried';
}

const leaf = fc.oneof(
  fc.anything({ maxDepth: 0, withBigInt: true, withDate: true, withTypedArray: true }),
  fc.constantFrom(
    undefined,
    -0,
    Number.NaN,
    /te+a/gi,
    new URL('https://example.test/'),
    new RangeError('no'),
  ),
);
const { tree: anyData } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('tree')),
    fc.dictionary(
      fc.string().filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
      tie('tree'),
    ),
    fc.array(fc.tuple(tie('tree'), tie('tree'))).map((entries) => new Map(entries)),
    fc.array(tie('tree')).map((members) => new Set(members)),
  ),
}));

/** Every object in some data. */
function objectsOf(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  for (const inner of value instanceof Map
    ? [...value].flat()
    : value instanceof Set
      ? value
      : Object.values(value)) {
    objectsOf(inner, found);
  }
  return found;
}

describe('a snapshot', () => {
  test('R12 is equal in every respect, and shares no object', () => {
    fc.assert(
      fc.property(anyData, (data) => {
        const copy = snapshot(data);
        expect(differenceOf(copy, data)).toBe(undefined);
        const originals = objectsOf(data);
        for (const object of objectsOf(copy)) expect(originals.has(object)).toBe(false);
      }),
    );
  });

  test('R12 keeps cycles and shared references', () => {
    const shared = { name: 'tea' };
    const data: Record<string, unknown> = {
      shared,
      again: [shared],
      map: new Map([[shared, shared]]),
    };
    data['self'] = data;
    const copy = snapshot(data) as {
      self: unknown;
      shared: object;
      again: object[];
      map: Map<object, object>;
    };
    expect(copy.self).toBe(copy);
    expect(copy.again[0]).toBe(copy.shared);
    expect(copy.map.get(copy.shared)).toBe(copy.shared);
    expect(copy.shared).not.toBe(shared);
  });

  test('R12 shows what a getter and a proxy show', () => {
    const data = {
      get tea() {
        return 2;
      },
      proxied: new Proxy({ milk: 1 }, {}),
    };
    const copy = snapshot(data);
    expect(copy).toEqual({ tea: 2, proxied: { milk: 1 } });
    expect(Object.getOwnPropertyDescriptor(copy, 'tea')).toMatchObject({
      value: 2,
      writable: true,
    });
  });

  test('R12 copies only the part of a buffer that a view shows', () => {
    const whole = new Uint8Array([1, 2, 3, 4]);
    const copy = snapshot(whole.subarray(1, 3)) as Uint8Array;
    expect([copy.buffer.byteLength, [...copy]]).toEqual([2, [2, 3]]);
    whole[1] = 9;
    expect([...copy]).toEqual([2, 3]);
  });

  test('R12 takes data of another realm, and of no prototype', () => {
    const foreign: unknown = runInNewContext('({ list: [1, new Map([["a", new Date(0)]])] })');
    expect(snapshot(foreign)).toEqual({ list: [1, new Map([['a', new Date(0)]])] });
    expect(snapshot(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
  });

  test('R12 leaves the stack of an error behind, and keeps its name and cause', () => {
    const error = Object.assign(new Error('no', { cause: new TypeError('why') }), { name: 'Own' });
    const copy = snapshot(error) as Error;
    expect([copy.name, copy.message, copy.stack]).toEqual(['Own', 'no', undefined]);
    expect(copy.cause).toBeInstanceOf(TypeError);
  });

  test('R12 has text for the name and message of an error, whatever they were', () => {
    const error = Object.assign(new Error(), { name: 404, message: Symbol('gone') });
    const copy = snapshot(error) as Error;
    expect([copy.name, copy.message]).toEqual(['404', 'Symbol(gone)']);
  });

  test('R12 shares what cannot be changed', () => {
    const blob = new Blob(['tea']);
    expect((snapshot({ blob }) as { blob: Blob }).blob).toBe(blob);
  });
});

class Cart {
  items = ['tea'];
}
const thrower = (): never => {
  throw new RangeError('boom');
};

describe('R12 refused, with the place in the text', () => {
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['a function', { a: { b: [() => {}] } }, 'data.a.b.0'],
    ['a symbol', Symbol('s'), 'data'],
    ['an instance', [new Cart()], 'data.0'],
    ['a promise', { p: Promise.resolve() }, 'data.p'],
    ['a WeakMap', new WeakMap(), 'data'],
    ['a boxed number', [Object(1)], 'data.0'],
    ['a SharedArrayBuffer', { a: new SharedArrayBuffer(4) }, 'data.a is an instance'],
    ['a view of one', { a: new Uint8Array(new SharedArrayBuffer(4)) }, 'data.a is a view'],
    ['a DataView of one', [new DataView(new SharedArrayBuffer(4))], 'data.0 is a view'],
    ['an own __proto__', JSON.parse('{"a":{"__proto__":1}}'), 'data.a'],
    ['a key constructor', { constructor: 1 }, 'data'],
    ['a key prototype', [{ prototype: 1 }], 'data.0'],
    [
      'a getter that throws',
      Object.defineProperty({}, 'x', { get: thrower, enumerable: true }),
      'data',
    ],
    [
      'a getter inside',
      { a: Object.defineProperty({}, 'x', { get: thrower, enumerable: true }) },
      'data.a',
    ],
    ['a proxy that throws', { a: new Proxy({}, { ownKeys: thrower }) }, 'data.a'],
    ['a revoked proxy', { a: revoked() }, 'data.a'],
    ['a forged Map', { a: { [Symbol.toStringTag]: 'Map' } }, 'data.a'],
    [
      'an error whose name is no text',
      { a: Object.assign(new Error(), { name: Object.create(null) as unknown }) },
      'data.a',
    ],
    ['a function as a Map key', new Map([[() => {}, 1]]), 'data.'],
    ['a function in a Set', new Set([() => {}]), 'data.'],
  ];

  test.each(refused)('%s', (_, data, place) => {
    expect(refusal(data).startsWith(place)).toBe(true);
  });

  test('data that is too deep', () => {
    let data: unknown = null;
    for (let depth = 0; depth < 100_000; depth++) data = [data];
    expect(refusal(data)).not.toBe('carried');
  });

  test('the cause is what was thrown', () => {
    const data = Object.defineProperty({}, 'x', { get: thrower, enumerable: true });
    expect(() => snapshot(data)).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ message: 'boom' }) }),
    );
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
