/** R12: which data every backend carries, and what is refused. */

import { codeOf, differenceOf, refusalOf } from '../outcome.js';
import { plain, times } from '../records.js';
import type { Define, Trial } from '../trial.js';

interface Cyclic {
  name: string;
  self?: Cyclic;
  children: Cyclic[];
}

function cyclic(): Cyclic {
  const root: Cyclic = { name: 'root', children: [] };
  root.self = root;
  root.children.push({ name: 'child', self: root, children: [] });
  return root;
}

function nested(depth: number): unknown {
  let data: unknown = 'deep inside';
  for (let level = 0; level < depth; level++) data = level % 2 === 0 ? { inner: data } : [data];
  return data;
}

function shared(): unknown {
  const item = { name: 'tea', since: new Date(5) };
  return { first: item, again: item, list: [item, item], map: new Map([[item, item]]) };
}

/** By name, since functions make them anew for every case. */
const carried: Record<string, () => unknown> = {
  'plain JSON': () => ({
    text: 'tea',
    number: 1.5,
    yes: true,
    no: false,
    nothing: null,
    list: [1, [2, []]],
    empty: {},
  }),
  'bare values': () => [0, '', 'text', true, null, 42n],
  undefined: () => ({
    missing: undefined,
    list: [undefined, 1, undefined],
    map: new Map([['key', undefined]]),
  }),
  'NaN and infinities': () => [Number.NaN, Infinity, -Infinity, { inside: Number.NaN }],
  'negative zero': () => ({ zero: -0, list: [0, -0] }),
  BigInt: () => ({ big: 2n ** 200n, negative: -1n, zero: 0n }),
  Date: () => ({ first: new Date(0), now: new Date(1_767_225_600_123), list: [new Date(-1)] }),
  RegExp: () => [/^te+a$/giu, /a\/b"'\\/, /(?:)/],
  Map: () =>
    new Map<unknown, unknown>([
      ['a', 1],
      [2, 'b'],
      [{ key: true }, new Map([['inner', []]])],
    ]),
  Set: () => ({
    set: new Set<unknown>([1, 'one', new Set(['inner']), { tea: true }]),
    empty: new Set(),
  }),
  URL: () => new URL('https://example.test:8443/path?query=%20#hash'),
  Error: () => ({ plain: new Error('message'), typed: new TypeError('type'), named: renamed() }),
  'typed arrays of bytes': () => [
    new Uint8Array([0, 127, 255]),
    new Int8Array([-128, 127]),
    new Uint8ClampedArray([255]),
  ],
  'typed arrays of integers': () => [
    new Int16Array([-5]),
    new Uint16Array([65535]),
    new Int32Array([-(2 ** 31)]),
    new Uint32Array([2 ** 32 - 1]),
  ],
  'typed arrays of floats': () => [
    new Float32Array([0.5]),
    new Float64Array([0.1, Number.NaN, -Infinity, -0]),
  ],
  'empty typed arrays, and views of a part': () => [
    new Uint8Array(0),
    new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  ],
  cycles: cyclic,
  'shared references': shared,
  'deep nesting': () => nested(300),
  'long text and many entries': () => ({
    text: 'tea '.repeat(20_000),
    list: times(2000, (i) => ({ i })),
  }),
  'text of any kind': () => [
    '日本語',
    '\u{1f600}',
    '\u0000\u2028\u2029',
    '\ud800',
    '"quoted"',
    '\\',
    '</script>',
  ],
  'keys of any kind': () => ({
    '': 1,
    'a.b': 2,
    'a\\.b': 3,
    length: 4,
    toString: 5,
    hasOwnProperty: 6,
    '0': 7,
  }),
  'data that looks like the markup of a codec': () => ({
    json: { a: 'undefined' },
    meta: { values: { a: ['undefined'] }, v: 1 },
    value: '["Date"]',
  }),
};

/** What only structured clone carries. */
const binary: Record<string, () => unknown> = {
  ArrayBuffer: () => ({ bytes: new Uint8Array([1, 2, 3]).buffer }),
  DataView: () => ({ view: new DataView(new Uint8Array([1, 2, 3]).buffer, 1) }),
  'typed arrays of BigInt': () => [new BigInt64Array([-1n]), new BigUint64Array([2n ** 64n - 1n])],
};

function renamed(): Error {
  const error = new Error('no tea', { cause: { code: 418, since: new Date(0) } });
  error.name = 'TeapotError';
  return error;
}

class Cart {
  items = ['tea'];
}

/** What is refused, whatever the backend. */
const refused: Record<string, () => unknown> = {
  'a function': () => ({ handler: () => 'tea' }),
  'a bare function': () => () => 'tea',
  'a symbol': () => [Symbol('tea')],
  'a class instance': () => ({ cart: new Cart() }),
  'a promise': () => ({ later: Promise.resolve() }),
  'a WeakMap': () => ({ weak: new WeakMap() }),
  'a WeakRef': () => ({ weak: new WeakRef({}) }),
  'a key "__proto__"': () => JSON.parse('{"inner":{"__proto__":{"polluted":true}}}'),
  'a key "constructor"': () => ({ constructor: { prototype: { polluted: true } } }),
  'a key "prototype"': () => ({ list: [{ prototype: 1 }] }),
  'a getter that throws': () => ({
    get tea(): never {
      throw new RangeError('no tea');
    },
  }),
  'a getter that throws further inside': () => ({
    cups: [
      {
        get tea(): never {
          throw new RangeError('no tea');
        },
      },
    ],
  }),
  'nesting that is too deep': () => nested(20_000),
  'a function as a Map key': () => new Map([[() => 'tea', 1]]),
};

async function expectRefused(trial: Trial, make: () => unknown): Promise<void> {
  const store = await trial.store();
  await store.create('kept', { id: 'a' });
  const writes = [
    () => store.create(make(), { id: 'new' }),
    () => store.save('a', make()),
    () => store.save('new', make()),
    () => store.saveIfVersion('a', make(), 1),
    () => store.update('a', () => make()),
    () => store.rotate('a', { id: 'new', data: make() }),
    () => store.current({ create: make }),
  ];
  for (const [index, write] of writes.entries()) {
    trial.expect([index, await codeOf(write())]).toEqual([index, 'ENCODE_FAILED']);
  }
  const raw = await trial.opened();
  const { records } = await raw.scan({ by: 'id', limit: 100 });
  trial.expect(records.map(({ id, version }) => [id, version])).toEqual([['a', 1]]);
  trial.expect((plain(records[0]) as { data: unknown }).data).toBe('kept');
}

export function carriedData(define: Define): void {
  for (const [name, make] of Object.entries(carried)) {
    define(`R12 carried: ${name}`, async (trial) => {
      const backend = trial.backend();
      const [one, other] = [await trial.store({ backend }), await trial.store()];
      const created = await one.create(make(), { id: 'a', owner: 'ann' });
      const updated = await one.update('a', (data) => data);
      await trial.catchUp();
      const loaded = await other.load('a');
      const listed = await other.listByOwner('ann');
      for (const session of [created, updated, loaded, listed[0]]) {
        trial.expect(differenceOf(session?.data, make())).toBe(undefined);
      }
      await Promise.all([one.close(), other.close()]);
      const after = await trial.store({ backend: await trial.restarted(backend) });
      trial.expect(differenceOf((await after.load('a'))?.data, make())).toBe(undefined);
    });
  }

  for (const [name, make] of Object.entries(refused)) {
    define(`R12 refused, with nothing written: ${name}`, (trial) => expectRefused(trial, make));
  }

  for (const [name, make] of Object.entries(binary)) {
    define(
      `R12 ${name}: carried where values are cloned, refused where they are text`,
      async (trial) => {
        if (!trial.capabilities.structuredClone) {
          await expectRefused(trial, make);
          return;
        }
        const [one, other] = await trial.twoStores();
        await one.create(make(), { id: 'a' });
        await trial.catchUp();
        trial.expect(differenceOf((await other.load('a'))?.data, make())).toBe(undefined);
      },
    );
  }

  define('R12 the refusal says where', async (trial) => {
    const store = await trial.store();
    const { message } = await refusalOf(store.create({ cart: { items: ['tea', () => 'milk'] } }));
    trial.expect(message.includes('cart.items.1')).toBe(true);
  });

  define('R12 several sessions with all kinds of data at once', async (trial) => {
    const [one, other] = await trial.twoWriters();
    const entries = Object.entries(carried);
    await Promise.all(entries.map(([id, make], i) => [one, other][i % 2]!.save(id, make())));
    await trial.catchUp();
    for (const [id, make] of entries) {
      trial
        .expect([id, differenceOf((await other.load(id))?.data, make())])
        .toEqual([id, undefined]);
    }
  });
}
