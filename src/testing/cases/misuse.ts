/** What is refused before anything happens: ids, options, arguments. */

import type { OpenStoreOptions, SessionStore } from '../../session.js';
import { codeOf } from '../outcome.js';
import type { Define } from '../trial.js';

const badIds: readonly unknown[] = [
  '',
  'x'.repeat(257),
  'a\u0000b',
  '\u0001slot:default',
  'line\nbreak',
  'tab\t',
  '\u007f',
  '\u0085',
  '__proto__',
  '\ud800',
  'a\udc00b',
  undefined,
  null,
  42,
  true,
  {},
  ['a'],
  Symbol('id'),
];

/** What each method makes of an id. */
const takingId: Record<string, (store: SessionStore<unknown>, id: string) => Promise<unknown>> = {
  create: (store, id) => store.create('data', { id }),
  load: (store, id) => store.load(id),
  save: (store, id) => store.save(id, 'data'),
  saveIfVersion: (store, id) => store.saveIfVersion(id, 'data', 0),
  update: (store, id) => store.update(id, () => 'data'),
  rotate: (store, id) => store.rotate(id),
  'rotate to': (store, id) => store.rotate('good', { id }),
  touch: (store, id) => store.touch(id),
  delete: (store, id) => store.delete(id),
  open: (store, id) => store.open(id),
  'current slot': (store, id) => store.current({ slot: id, create: () => 'data' }),
};

/** Left out, these mean: draw one, or the default slot. */
const mayLackId = new Set(['create', 'rotate to', 'current slot']);

const badSpans: readonly (readonly [unknown, string])[] = [
  [0, 'RangeError'],
  [-1, 'RangeError'],
  [Number.NaN, 'RangeError'],
  [Infinity, 'RangeError'],
  [2 ** 53, 'RangeError'],
  ['1000', 'TypeError'],
  [10n, 'TypeError'],
  [{}, 'TypeError'],
];

export function misuse(define: Define): void {
  for (const [method, call] of Object.entries(takingId)) {
    define(`R3 ${method}: an id that may not be one is INVALID_ID`, async (trial) => {
      const store = await trial.store();
      await store.create('kept', { id: 'good' });
      for (const id of badIds) {
        if (id === undefined && mayLackId.has(method)) continue;
        const named = [
          typeof id === 'string' ? id.slice(0, 20) : typeof id,
          await codeOf(call(store, id as string)),
        ];
        trial.expect(named).toEqual([named[0], 'INVALID_ID']);
      }
      trial.expect(await store.listIds()).toEqual(['good']);
      trial.expect((await store.load('good'))?.version).toBe(1);
    });
  }

  define('R3 ids of 1 to 256 characters of any script are good', async (trial) => {
    const store = await trial.store();
    const ids = ['a', 'x'.repeat(256), '\u{1f600}', '日本語', "it's", 'a b', 'constructor'];
    for (const id of ids) await store.create(id, { id });
    await trial.catchUp();
    for (const id of ids) trial.expect((await store.load(id))?.data).toBe(id);
    trial.expect(await store.listIds()).toEqual([...ids].sort());
  });

  for (const part of ['idle', 'absolute'] as const) {
    define(`R6 ttl.${part} is above 0 and at most 2^53 - 1`, async (trial) => {
      const store = await trial.store();
      await store.create('kept', { id: 'good' });
      for (const [span, error] of badSpans) {
        const options = { ttl: { [part]: span } } as never;
        const outcomes = [
          await codeOf(store.create('data', options)),
          await codeOf(store.save('good', 'data', options)),
          await codeOf(store.saveIfVersion('good', 'data', 1, options)),
          await codeOf(store.update('good', () => 'data', options)),
          await codeOf(trial.store(options)),
        ];
        trial
          .expect([String(span), ...outcomes])
          .toEqual([String(span), ...outcomes.map(() => error)]);
      }
      trial.expect(await codeOf(store.create('data', { ttl: 5 as never }))).toBe('TypeError');
      trial.expect((await store.load('good'))?.version).toBe(1);
      trial.expect(await store.listIds()).toEqual(['good']);
    });
  }

  define('R6 openStore refuses options that are not what they should be', async (trial) => {
    const wrong: readonly (readonly [
      Partial<Record<keyof OpenStoreOptions<unknown>, unknown>>,
      string,
    ])[] = [
      [{ name: '' }, 'TypeError'],
      [{ name: 'a\u0000' }, 'TypeError'],
      [{ name: 7 }, 'TypeError'],
      [{ backend: [] }, 'TypeError'],
      [{ backend: {} }, 'TypeError'],
      [{ tombstoneTtl: 0 }, 'RangeError'],
      [{ tombstoneTtl: 'a day' }, 'TypeError'],
      [{ maxIdCollisionRetries: -1 }, 'RangeError'],
      [{ maxIdCollisionRetries: 1.5 }, 'RangeError'],
      [{ schemaVersion: 0 }, 'RangeError'],
      [{ migrate: 'up' }, 'TypeError'],
      [{ schema: {} }, 'TypeError'],
      [{ generateId: 'random' }, 'TypeError'],
      [{ onError: 'console' }, 'TypeError'],
      [{ clock: {} }, 'TypeError'],
    ];
    for (const [options, error] of wrong) {
      const named = [Object.keys(options)[0], await codeOf(trial.store(options as never))];
      trial.expect(named).toEqual([named[0], error]);
    }
  });

  define('R2 expected versions are whole numbers from 0', async (trial) => {
    const store = await trial.store();
    await store.create('data', { id: 'a' });
    for (const [version, error] of [
      [-1, 'RangeError'],
      [1.5, 'RangeError'],
      [Number.NaN, 'RangeError'],
      ['1', 'TypeError'],
    ] as const) {
      const outcomes = [
        await codeOf(store.saveIfVersion('a', 'other', version as never)),
        await codeOf(store.rotate('a', { expectedVersion: version as never })),
        await codeOf(store.delete('a', { ifVersion: version as never })),
      ];
      trial.expect(outcomes).toEqual([error, error, error]);
    }
    trial.expect((await store.load('a'))?.version).toBe(1);
  });

  define('R14 owners, limits, functions: misuse is a TypeError or RangeError', async (trial) => {
    const store = await trial.store();
    const codes = await Promise.all(
      [
        store.create('data', { owner: '' }),
        store.create('data', { owner: 5 as never }),
        store.listByOwner(''),
        store.endAll(undefined as never),
        store.update('a', 'data' as never),
        store.current({ create: 'data' as never }),
        store.listIds({ limit: 0 }),
        store.listIds({ limit: 1.5 }),
        store.listByOwner('ann', { limit: -1 }),
      ].map(codeOf),
    );
    trial
      .expect(codes)
      .toEqual([
        ...codes.slice(0, 6).map(() => 'TypeError'),
        ...codes.slice(6).map(() => 'RangeError'),
      ]);
    trial.expect(await codeOf((async () => store.subscribe('print' as never))())).toBe('TypeError');
    trial.expect(await store.listIds()).toEqual([]);
  });
}
