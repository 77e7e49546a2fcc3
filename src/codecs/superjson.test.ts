import fc from 'fast-check';
import { SuperJSON } from 'superjson';
import { describe, expect, test } from 'vitest';
import { isSessionError } from '../errors.js';
import { snapshot } from '../snapshot.js';
import { differenceOf } from '../testing/outcome.js';
import { superjsonCodec } from './superjson.js';

const codec = superjsonCodec();

/** Through the codec as through a store: copied on the way in and on the way out. */
const carried = (data: unknown): unknown => snapshot(codec.decode(codec.encode(snapshot(data))));

/** Where data differs after it was carried. */
function lossOf(data: unknown): string | undefined {
  const decoded = codec.decode(codec.encode(snapshot(data)));
  return differenceOf(data, decoded) ?? differenceOf(data, carried(data));
}

const shared = { deep: ['shared'] };

const carriable: Record<string, unknown> = {
  'a lone undefined': undefined,
  'a lone NaN': NaN,
  'null, booleans and texts': [null, true, false, '', 'tea', '\ud800 alone', '\u0000\n'],
  numbers: [0, -0, NaN, Infinity, -Infinity, 5e-324, 2 ** 53, -1.5],
  'nested undefined': { a: undefined, b: [undefined, { c: undefined }] },
  BigInt: [0n, -1n, 10n ** 100n],
  dates: [new Date(0), new Date(-1), new Date(NaN), new Date(8.64e15)],
  'regular expressions': [/a\/b/giu, new RegExp(''), /\n[/]/],
  URLs: new Map([[new URL('https://shop.test/a?b#c'), new URL('data:,x')]]),
  'a Map with every kind of key': new Map<unknown, unknown>([
    [NaN, 1],
    [undefined, 2],
    [null, 3],
    ['NaN', 4],
    [1n, 5],
    [new Date(5), 6],
    [{}, 7],
    [{}, 8],
    [new Map([[[1], new Set([2])]]), 9],
  ]),
  'a Set of every kind': new Set([NaN, undefined, null, 1n, 'a', {}, {}, [], new Date(1)]),
  'NaN beside Map and Set': {
    n: NaN,
    m: new Map([
      [NaN, 1],
      [2, NaN],
    ]),
    s: new Set([NaN, 1]),
  },
  'BigInt beside Map and Set': {
    n: 1n,
    m: new Map([
      [1n, 1n],
      [2n, 1n],
    ]),
    s: new Set([2n, 1n]),
  },
  'typed arrays': [
    new Int8Array([-1, 127]),
    new Uint8Array(1000),
    new Uint8ClampedArray([255]),
    new Int16Array([-2]),
    new Uint16Array([2]),
    new Int32Array([-3]),
    new Uint32Array([2 ** 32 - 1]),
    new Float32Array([0.5, 1 / 3]),
    new Float64Array([1 / 3, 5e-324]),
  ],
  'floats that JSON lacks': [
    new Float32Array([NaN, Infinity, -Infinity, -0, 1 / 3]),
    new Float64Array([NaN, Infinity, -Infinity, -0, 1 / 3]),
  ],
  'awkward keys': { 'a.b': NaN, 'a\\.b': NaN, 'a\\': NaN, '.': NaN, '': NaN, '\\': NaN, '0': NaN },
  'nested awkward keys': { 'a.b': { 'c\\': { '': [undefined, { '.': -0 }] } } },
  'keys that plain objects inherit': { toString: NaN, hasOwnProperty: undefined, valueOf: 1n },
  'keys like those of the text': { json: NaN, meta: { values: undefined, v: 2 } },
  'data like an annotation': {
    to: 3,
    name: 'n',
    message: 'm',
    values: ['map', ['custom', 'error']],
  },
  'a shared reference': { one: shared, two: shared, list: [shared, shared.deep] },
  'shared leaves': ((date = new Date(NaN), url = new URL('a:b')) => [date, url, { date, url }])(),
  'shared members of a Set': ((a = {}, b = {}) => ({ a, b, set: new Set([b, a]) }))(),
  'shared keys of a Map': ((a = [1], b = [2]) => ({
    a,
    b,
    map: new Map([
      [b, a],
      [a, b],
    ]),
  }))(),
  'a reference inside an Error': ((a = {}) => ({ a, error: new Error('e', { cause: { a } }) }))(),
  'a cycle through an object': ((a: Record<string, unknown> = {}) => Object.assign(a, { a }))(),
  'a cycle through an array': ((a: unknown[] = []) => (a.push([a]), a))(),
  'a cycle through a Map': ((m = new Map<unknown, unknown>()) => m.set('self', m).set(m, [m]))(),
  'a cycle through a Set': ((s = new Set<unknown>()) => s.add({ s }).add(s).add(1))(),
  'a cycle through an Error': ((e = new Error('e')) => Object.assign(e, { cause: [e] }))(),
  'errors of every type': [
    new Error('plain'),
    new TypeError('typed', { cause: new RangeError('inner', { cause: undefined }) }),
    Object.assign(new Error('named'), { name: 'MyError' }),
  ],
};

describe('R12: superjsonCodec', () => {
  for (const [what, data] of Object.entries(carriable)) {
    test(`carries ${what}`, () => {
      expect(lossOf(data)).toBeUndefined();
    });
  }

  test('carries the type of an Error, and no cause where there was none', () => {
    const [error, typed] = carried([new Error('e'), new TypeError('t')]) as [Error, Error];
    expect('cause' in error).toBe(false);
    expect(typed).toBeInstanceOf(TypeError);
  });

  test('carries a sparse array, its holes filled with undefined', () => {
    // eslint-disable-next-line no-sparse-arrays -- that is the point
    expect(carried([1, , 3])).toStrictEqual([1, undefined, 3]);
  });

  test('carries data as deep as a store takes it', () => {
    let deep: unknown = NaN;
    for (let level = 0; level < 900; level++) deep = level % 2 ? [deep] : { deep };
    expect(lossOf(deep)).toBeUndefined();
  });

  test('carries a lattice of shared references, without writing each path to it', () => {
    let level: unknown = { bottom: true };
    for (let n = 0; n < 40; n++) level = { left: level, right: level };
    expect(codec.encode(level).length).toBeLessThan(10_000);
    expect(lossOf(level)).toBeUndefined();
  });

  test('carries anything that can be put together from all of these', () => {
    const { value } = fc.letrec((tie) => ({
      leaf: fc.oneof(
        fc.constantFrom<unknown>(undefined, null, NaN, -0, Infinity, -Infinity),
        fc.boolean(),
        fc.double(),
        fc.bigInt(),
        fc.string({ unit: 'binary' }),
        fc.date({ noInvalidDate: false }),
        fc.float64Array({ maxLength: 3 }),
        fc.uint8Array({ maxLength: 3 }),
        fc.string().map((message) => new RangeError(message)),
      ),
      value: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        tie('leaf'),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string().filter(isKey), tie('value'), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
        fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((all) => new Map(all)),
        fc.array(tie('value'), { maxLength: 4 }).map((all) => new Set(all)),
        tie('value').map((twice) => [
          twice,
          { twice },
          new Set([twice]),
          new Map([[twice, twice]]),
        ]),
        tie('value').map((cause) => new Error('with a cause', { cause })),
      ),
    }));
    fc.assert(
      fc.property(value, (data) => {
        expect(lossOf(data)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});

function isKey(key: string): boolean {
  return !['__proto__', 'constructor', 'prototype'].includes(key);
}

describe('R12: superjsonCodec, before anything is written,', () => {
  class Money {
    amount = 1;
  }
  const refused: Record<string, unknown> = {
    ArrayBuffer: new ArrayBuffer(8),
    DataView: new DataView(new ArrayBuffer(8)),
    BigInt64Array: new BigInt64Array(1),
    BigUint64Array: new BigUint64Array(1),
    Blob: new Blob(['x']),
    File: new File(['x'], 'x'),
    'an instance of a class': new Money(),
    'an instance of a subclass of Map': new (class Purse extends Map {})(),
    'a Node Buffer': Buffer.from('x'),
    'a WeakMap': new WeakMap(),
    'a promise': Promise.resolve(),
    'a boxed number': Object(1),
    'an object of no class': Object.create(Object.create(null)),
    'a key that reaches the prototype': JSON.parse('{"__proto__": 1}'),
    'another such key': { deep: [{ constructor: 1 }] },
  };
  for (const [what, data] of Object.entries(refused)) {
    test(`refuses ${what}`, () => {
      for (const holder of [data, { data }, [data], new Map([[data, 1]]), new Set([data])]) {
        expect(codeOf(() => codec.encode(holder))).toBe('ENCODE_FAILED');
      }
    });
  }

  test('refuses data that is nested deeper than the stack', () => {
    let deep: unknown = 0;
    for (let level = 0; level < 1e6; level++) deep = [deep];
    expect(codeOf(() => codec.encode(deep))).toBe('ENCODE_FAILED');
  });

  test('refuses a CryptoKey', async () => {
    const algorithm = { name: 'AES-GCM', length: 128 };
    const key = await crypto.subtle.generateKey(algorithm, false, ['encrypt']);
    expect(codeOf(() => codec.encode({ key }))).toBe('ENCODE_FAILED');
  });
});

describe('superjsonCodec', () => {
  test('is deaf to what an app registers with the global superjson', () => {
    class Purse {
      coins = 1;
    }
    SuperJSON.registerClass(Purse);
    expect(codeOf(() => codec.encode(new Purse()))).toBe('ENCODE_FAILED');
  });

  test('leaves the data as it was', () => {
    const date = new Date(1);
    const data = { a: shared, b: shared, map: new Map([[shared, date]]) };
    codec.encode(data);
    expect(data).toStrictEqual({ a: shared, b: shared, map: new Map([[shared, date]]) });
    expect(data.map.get(shared)).toBe(date);
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'done';
  } catch (error) {
    return isSessionError(error) ? error.code : String(error);
  }
}
