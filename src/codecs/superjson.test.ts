import fc from 'fast-check';
import { SuperJSON } from 'superjson';
import { afterEach, describe, expect, test } from 'vitest';
import { isSessionError } from '../errors.js';
import { snapshot } from '../snapshot.js';
import { differenceOf } from '../testing/outcome.js';
import { superjsonCodec } from './superjson.js';

const codec = superjsonCodec();

/** Through the codec as through a store: copied on the way in and on the way out. */
const carried = (data: unknown): unknown =>
  snapshot(codec.decode(codec.encode(snapshot(data))));

function expectCarried(data: unknown): void {
  expect(differenceOf(data, codec.decode(codec.encode(snapshot(data))))).toBeUndefined();
  expect(differenceOf(data, carried(data))).toBeUndefined();
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
  'NaN beside Map and Set': { n: NaN, m: new Map([[NaN, 1], [2, NaN]]), s: new Set([NaN, 1]) },
  'BigInt beside Map and Set': { n: 1n, m: new Map([[1n, 1n], [2n, 1n]]), s: new Set([2n, 1n]) },
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
  'data like an annotation': { to: 3, name: 'n', message: 'm', values: ['map', ['custom', 'error']] },
  'a shared reference': { one: shared, two: shared, list: [shared, shared.deep] },
  'shared leaves': ((date = new Date(NaN), url = new URL('a:b')) => [date, url, { date, url }])(),
  'shared members of a Set': ((a = {}, b = {}) => ({ a, b, set: new Set([b, a]) }))(),
  'shared keys of a Map': ((a = [1], b = [2]) => ({ a, b, map: new Map([[b, a], [a, b]]) }))(),
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

describe('R12: superjsonCodec carries', () => {
  for (const [what, data] of Object.entries(carriable)) test(what, () => expectCarried(data));

  test('the type of an Error, and no cause where there was none', () => {
    const [error, typed] = carried([new Error('e'), new TypeError('t')]) as [Error, Error];
    expect('cause' in error).toBe(false);
    expect(typed).toBeInstanceOf(TypeError);
  });

  test('a sparse array, its holes filled with undefined', () => {
    // eslint-disable-next-line no-sparse-arrays -- that is the point
    expect(carried([1, , 3])).toStrictEqual([1, undefined, 3]);
  });

  test('data as deep as a store takes it', () => {
    let deep: unknown = NaN;
    for (let level = 0; level < 900; level++) deep = level % 2 ? [deep] : { deep };
    expectCarried(deep);
  });

  test('a lattice of shared references, without writing each path to it', () => {
    let level: unknown = { bottom: true };
    for (let n = 0; n < 40; n++) level = { left: level, right: level };
    expect(codec.encode(level).length).toBeLessThan(10_000);
    expectCarried(level);
  });

  test('anything that can be put together from all of these', () => {
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
        fc.dictionary(fc.string().filter(isKey), tie('value'), { maxKeys: 4, noNullPrototype: true }),
        fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((all) => new Map(all)),
        fc.array(tie('value'), { maxLength: 4 }).map((all) => new Set(all)),
        tie('value').map((twice) => [twice, { twice }, new Set([twice]), new Map([[twice, twice]])]),
        tie('value').map((cause) => new Error('with a cause', { cause })),
      ),
    }));
    fc.assert(fc.property(value, expectCarried), { numRuns: 150 });
  });
});

function isKey(key: string): boolean {
  return !['__proto__', 'constructor', 'prototype'].includes(key);
}

describe('R12: superjsonCodec refuses', () => {
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
    'a key that reaches the prototype': JSON.parse('{"__proto__": 1}'),
    'another such key': { deep: [{ constructor: 1 }] },
  };
  for (const [what, data] of Object.entries(refused)) {
    test(what, () => {
      for (const holder of [data, { data }, [data], new Map([[data, 1]]), new Set([data])]) {
        expect(codeOf(() => codec.encode(holder))).toBe('ENCODE_FAILED');
      }
    });
  }

  test('data that is nested deeper than the stack', () => {
    let deep: unknown = 0;
    for (let level = 0; level < 1e6; level++) deep = [deep];
    expect(codeOf(() => codec.encode(deep))).toBe('ENCODE_FAILED');
  });

  test('a CryptoKey', async () => {
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

const text = (json: unknown, values: unknown, meta: object = {}): string =>
  JSON.stringify({ json, meta: { values, v: 1, ...meta } });

const hostile: Record<string, string> = {
  nothing: '',
  'no JSON': '{',
  'no object': '"json"',
  'a list': '[]',
  'a stranger beside it': '{"json":1,"more":1}',
  '__proto__ as a key': '{"json":{"__proto__":{"polluted":1}}}',
  '__proto__ as a key, escaped': '{"json":{"\\u005f_proto__":{"polluted":1}}}',
  'constructor as a key': '{"json":[{"constructor":{"prototype":{"polluted":1}}}]}',
  'prototype as a key': '{"json":{"prototype":1}}',
  '__proto__ beside the data': '{"json":1,"__proto__":{"meta":1}}',
  '__proto__ among the annotations': '{"json":{"a":1},"meta":{"values":{"__proto__":["map"]},"v":1}}',
  '__proto__ in a path': text({ a: {} }, { '__proto__.polluted': ['undefined'] }),
  '__proto__ inside a path': text({ a: {} }, { 'a.__proto__.polluted': ['undefined'] }),
  'constructor in a path': text({ a: {} }, { 'a.constructor.prototype.polluted': ['undefined'] }),
  'prototype in a path': text({ a: {} }, { 'a.prototype': ['undefined'] }),
  'an inherited method as a path': text({ a: {} }, { 'a.toString': ['undefined'] }),
  'a path through an inherited method': text({ a: {} }, { 'a.toString.name': ['undefined'] }),
  'a path through an array method': text({ a: [] }, { 'a.push.call': ['undefined'] }),
  'a path through a text': text({ a: 'x' }, { 'a.0': ['undefined'] }),
  'the length of an array': text({ a: [] }, { 'a.length': ['undefined'] }),
  'an index that is there in another spelling': text([null], { '0e0': ['undefined'] }),
  'an index past the end': text([null], { '1': ['undefined'] }),
  'a negative index': text([null], { '-1': ['undefined'] }),
  'a path with a bad escape': text({ a: null }, { '\\a': ['undefined'] }),
  'an unknown type': text({ a: null }, { a: ['nonsense'] }),
  'an inherited type': text({ a: null }, { a: ['toString'] }),
  'the type constructor': text({ a: null }, { a: ['constructor'] }),
  'the type __proto__': text({ a: null }, { a: ['__proto__'] }),
  'a class': text({ a: {} }, { a: [['class', 'Object']] }),
  'a symbol': text({ a: 'iterator' }, { a: [['symbol', 'iterator']] }),
  'a custom type that is none': text({ a: null }, { a: [['custom', 'nonsense']] }),
  'an inherited custom type': text({ a: null }, { a: [['custom', 'constructor']] }),
  'an unknown typed array': text({ a: [] }, { a: [['typed-array', 'constructor']] }),
  'a typed array of any length': text({ a: 2 ** 33 }, { a: [['typed-array', 'Uint8Array']] }),
  'floats that are none': text({ a: [true, [{}]] }, { a: [['custom', 'floats']] }),
  'a Map of no pairs': text({ a: [[1]] }, { a: ['map'] }),
  'a Set of a text': text({ a: 'abc' }, { a: ['set'] }),
  'a number of another kind': text({ a: '0x10' }, { a: ['number'] }),
  'a bigint that is none': text({ a: 'x' }, { a: ['bigint'] }),
  'a bad regular expression': text({ a: '/(/' }, { a: ['regexp'] }),
  'a bad URL': text({ a: 'nowhere' }, { a: ['URL'] }),
  'an Error without a message': text({ a: { name: 'E' } }, { a: [['custom', 'error']] }),
  'a reference to nowhere': text([7], { '0': [['custom', 'reference']] }),
  'a reference to below': text([-1], { '0': [['custom', 'reference']] }),
  'a reference to a property': text(['length'], { '0': [['custom', 'reference']] }),
  'a reference in front of its target': text([2, {}], { '0': [['custom', 'reference']] }),
  'annotations that are a text': text({ a: 1 }, 'a'),
  'annotations of annotations': text({ a: 1 }, { a: ['undefined', 'map', 'set'] }),
  'no annotations': '{"json":1,"meta":{"v":1}}',
  'annotations of an older superjson': text({ 'a.b': null }, { 'a.b': ['undefined'] }, { v: 0 }),
  'references of superjson': text({ a: {} }, {}, { referentialEqualities: { a: ['b'] } }),
  'references of superjson into the prototype': text({ a: { polluted: 1 } }, {}, {
    referentialEqualities: { a: ['__proto__', 'constructor.prototype', 'toString.__proto__'] },
  }),
  'references of superjson at the root': text({ a: 1 }, {}, { referentialEqualities: [['a']] }),
  'brackets deeper than the stack': `{"json":${'['.repeat(1e6)}${']'.repeat(1e6)}}`,
  'annotations deeper than the stack': `{"json":1,"meta":{"v":1,"values":${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}}}`,
};

describe('R8: superjsonCodec refuses to read', () => {
  const before = Reflect.ownKeys(Object.prototype);

  afterEach(() => {
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  for (const [what, payload] of Object.entries(hostile)) {
    test(what, () => {
      const error = caught(() => codec.decode(payload));
      expect(isSessionError(error, 'DECODE_FAILED')).toBe(true);
      expect((error as Error).cause).toBeInstanceOf(Error);
    });
  }

  test('or reads, without reaching a prototype, whatever text is made of such parts', () => {
    const key = fc.constantFrom('a', 'b', '0', '__proto__', 'constructor', 'prototype', 'toString');
    const type = fc.constantFrom<unknown>(
      ...['undefined', 'map', 'set', 'Date', 'constructor', '__proto__'],
      ...['reference', 'error', 'floats', 'constructor'].map((name) => ['custom', name]),
      ['class', 'Object'],
      ['typed-array', 'Int8Array'],
    );
    const json = fc.jsonValue({ maxDepth: 3 }).chain((any) => fc.constantFrom(any, { a: any }, [any]));
    const path = fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => keys.join('.'));
    const values = fc.dictionary(path, fc.tuple(type), { maxKeys: 3 });
    fc.assert(
      fc.property(json, values, (data, annotations) => {
        const error = caught(() => codec.decode(text(data, annotations)));
        expect(error === undefined || isSessionError(error, 'DECODE_FAILED')).toBe(true);
        expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
      }),
      { numRuns: 2000 },
    );
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

function codeOf(run: () => unknown): string {
  const error = caught(run);
  return isSessionError(error) ? error.code : String(error);
}
