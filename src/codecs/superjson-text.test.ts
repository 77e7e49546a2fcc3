import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSessionError } from '../errors.js';
import { superjsonCodec } from './superjson.js';

const codec = superjsonCodec();

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
  '__proto__ among the annotations':
    '{"json":{"a":1},"meta":{"values":{"__proto__":["map"]},"v":1}}',
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
  'a number for annotations': '{"json":1,"meta":7}',
  'no annotations': '{"json":1,"meta":{"v":1}}',
  'annotations of an older superjson': text({ 'a.b': null }, { 'a.b': ['undefined'] }, { v: 0 }),
  'references of superjson': text({ a: {} }, {}, { referentialEqualities: { a: ['b'] } }),
  'references of superjson into the prototype': text(
    { a: { polluted: 1 } },
    {},
    {
      referentialEqualities: { a: ['__proto__', 'constructor.prototype', 'toString.__proto__'] },
    },
  ),
  'references of superjson at the root': text({ a: 1 }, {}, { referentialEqualities: [['a']] }),
  'brackets deeper than the stack': `{"json":${'['.repeat(1e6)}${']'.repeat(1e6)}}`,
  'annotations deeper than the stack': `{"json":1,"meta":{"v":1,"values":${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}}}`,
};

describe('R8: superjsonCodec', () => {
  const before = Reflect.ownKeys(Object.prototype);

  const expectNoPollution = (): void => {
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  };

  for (const [what, payload] of Object.entries(hostile)) {
    test(`refuses to read ${what}`, () => {
      const error = caught(() => codec.decode(payload));
      expect(isSessionError(error, 'DECODE_FAILED')).toBe(true);
      expect((error as Error).cause).toBeInstanceOf(Error);
      expectNoPollution();
    });
  }

  test('refuses or reads, without reaching a prototype, whatever text is made of such parts', () => {
    const key = fc.constantFrom('a', 'b', '0', '__proto__', 'constructor', 'prototype', 'toString');
    const type = fc.constantFrom<unknown>(
      'undefined',
      'map',
      'set',
      'Date',
      'constructor',
      '__proto__',
      ...['reference', 'error', 'floats', 'constructor'].map((name) => ['custom', name]),
      ['class', 'Object'],
      ['typed-array', 'Int8Array'],
    );
    const json = fc
      .jsonValue({ maxDepth: 3 })
      .chain((any) => fc.constantFrom(any, { a: any }, [any]));
    const path = fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => keys.join('.'));
    const values = fc.dictionary(path, fc.tuple(type), { maxKeys: 3 });
    fc.assert(
      fc.property(json, values, (data, annotations) => {
        const error = caught(() => codec.decode(text(data, annotations)));
        expect(error === undefined || isSessionError(error, 'DECODE_FAILED')).toBe(true);
        expectNoPollution();
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
