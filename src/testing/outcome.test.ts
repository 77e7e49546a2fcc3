import { describe, expect, test } from 'vitest';
import { SessionError } from '../errors.js';
import { codeOf, differenceOf, refusalOf, settle } from './outcome.js';

const ended = (): Promise<never> => Promise.reject(new SessionError('SESSION_ENDED', 'over'));
const broken = (): Promise<never> => Promise.reject(new RangeError('broken'));

test('codeOf tells how a promise ended', async () => {
  expect(await Promise.all([Promise.resolve(), ended(), broken()].map(codeOf))).toEqual([
    'done',
    'SESSION_ENDED',
    'RangeError',
  ]);
});

test('refusalOf gives the SessionError, and takes nothing else for one', async () => {
  expect((await refusalOf(ended())).code).toBe('SESSION_ENDED');
  await expect(refusalOf(broken())).rejects.toThrow('broken');
  await expect(refusalOf(Promise.resolve(1))).rejects.toThrow('fulfilled');
});

test('settle parts what was done from what was refused, and throws the rest', async () => {
  const { done, refused } = await settle<number>([Promise.resolve(1), ended(), Promise.resolve(2)]);
  expect([done, refused.map(({ code }) => code)]).toEqual([[1, 2], ['SESSION_ENDED']]);
  await expect(settle([broken()])).rejects.toThrow('broken');
});

function twice(): unknown {
  const item = {};
  return [item, item];
}

function circle(): unknown {
  const data: { self?: unknown } = {};
  data.self = data;
  return data;
}

describe('differenceOf', () => {
  const makers: readonly (() => unknown)[] = [
    () => 'text',
    () => Number.NaN,
    () => 1n,
    () => ({ a: 1, b: [undefined, null] }),
    () => [new Date(5), /a/g, new URL('https://example.test/')],
    () => new Map([[{ key: 1 }, new Set([1, 2])]]),
    () => new Map([[{ toString: undefined }, [1]]]),
    () => new TypeError('no', { cause: { why: 1 } }),
    () => [new Uint8Array([1, 2]), new Float64Array([0.5]), new Uint8Array([7]).buffer],
    twice,
    circle,
  ];

  test.each(makers)('finds none between two that were made alike: %s', (make) => {
    expect(differenceOf(make(), make())).toBe(undefined);
  });

  const pairs: readonly (readonly [unknown, unknown])[] = [
    [0, -0],
    [1, 1n],
    [1, '1'],
    [null, undefined],
    [{ a: undefined }, {}],
    [[undefined], []],
    [{ a: 1 }, { b: 1 }],
    [{}, []],
    [new Date(5), new Date(6)],
    [new Date(5), '1970-01-01T00:00:00.005Z'],
    [/a/g, /a/],
    [
      new Map([
        [1, 2],
        [3, 4],
      ]),
      new Map([
        [3, 4],
        [1, 2],
      ]),
    ],
    [new Map([[1, 2]]), { 1: 2 }],
    [new Set([1]), [1]],
    [new Error('a'), new Error('b')],
    [new Error('a'), new TypeError('a')],
    [new Error('a'), new Error('a', { cause: 1 })],
    [new Uint8Array([1]), new Int8Array([1])],
    [new Uint8Array([1]), new Uint8Array([2])],
    [new Uint8Array([1]), new Uint8Array([1]).buffer],
    [twice(), [{}, {}]],
    [circle(), { self: { self: {} } }],
  ];

  test.each(pairs)('finds one between %o and %o', (one, other) => {
    expect(differenceOf(one, other)).not.toBe(undefined);
    expect(differenceOf(other, one)).not.toBe(undefined);
  });

  test('says where', () => {
    expect(differenceOf({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toBe('data.a.1.b');
  });
});
