/** R13: data of another version of the app, and data that a schema refuses. */

import type { StandardSchemaV1 } from '../../standard-schema.js';
import { codeOf, refusalOf } from '../outcome.js';
import { plain, times } from '../records.js';
import type { Define } from '../trial.js';

interface Cart {
  items: string[];
}

/** A Standard Schema written by hand: a cart, its items cut to size. */
function cartSchema(
  later: <Value>(value: Value) => Value | Promise<Value>,
): StandardSchemaV1<unknown, Cart> {
  return {
    '~standard': {
      version: 1,
      vendor: 'conformance',
      validate(value) {
        const items = (value as Partial<Cart> | null)?.items;
        if (!Array.isArray(items))
          return later({ issues: [{ message: 'items is missing', path: ['items'] }] });
        return later({ value: { items: items.map((item) => item.trim()) } });
      },
    },
  };
}

export function schemas(define: Define): void {
  define(
    'R13 a newer schemaVersion is readable as raw only, and never overwritten',
    async (trial) => {
      const newer = await trial.store({ schemaVersion: 2, ttl: { idle: 1000 } });
      await newer.create({ modern: true }, { id: 'a', owner: 'ann' });
      await newer.create({ modern: true }, { id: 'b' });
      await trial.catchUp();
      const older = await trial.store({ ttl: { idle: 1000 } });
      await trial.clock.advance(500);
      const raw = await trial.opened();
      const before = plain(await raw.read('a'));
      const uses: Record<string, () => Promise<unknown>> = {
        load: () => older.load('a'),
        open: () => older.open('a'),
        save: () => older.save('a', 'over it'),
        saveIfVersion: () => older.saveIfVersion('a', 'over it', 1),
        'saveIfVersion of another': () => older.saveIfVersion('a', 'over it', 7),
        update: () => older.update('a', () => 'over it'),
        touch: () => older.touch('a'),
        rotate: () => older.rotate('a'),
        'rotate with data': () => older.rotate('a', { data: 'over it' }),
      };
      for (const [use, attempt] of Object.entries(uses)) {
        const error = await refusalOf(attempt());
        trial
          .expect([use, error.code, error.id, error.raw])
          .toEqual([use, 'SCHEMA_TOO_NEW', 'a', { modern: true }]);
      }
      trial.expect(plain(await raw.read('a'))).toEqual(before);
      trial.expect(await older.listByOwner('ann')).toEqual([]);
      trial
        .expect(trial.reported().map(({ context }) => [context.during, context.id]))
        .toEqual([['scan', 'a']]);
      trial.expect(await older.listIds()).toEqual(['a', 'b']);
    },
  );

  define('R13 a current session of a newer app is not replaced', async (trial) => {
    const newer = await trial.store({ schemaVersion: 2 });
    const { id } = await newer.current({ create: () => 'modern' });
    const older = await trial.store();
    trial.expect(await codeOf(older.current({ create: () => 'old' }))).toBe('SCHEMA_TOO_NEW');
    trial.expect(await newer.listIds()).toEqual([id]);
  });

  define('R13 a view of an old tab keeps what it shows when a newer one writes', async (trial) => {
    const older = await trial.store();
    await older.create('old', { id: 'a' });
    const view = (await older.open('a'))!;
    const newer = await trial.store({ schemaVersion: 2 });
    await newer.update('a', () => 'modern');
    if (trial.isAlone) trial.tabs.resync();
    await trial.until('the failure is told', () => trial.hasReported);
    trial.expect([view.data, view.version, view.status]).toEqual(['old', 1, 'active']);
    const told = trial
      .reported()
      .map(({ error, context }) => [(error as { code?: string }).code, context.id]);
    trial.expect(told[0]).toEqual(['SCHEMA_TOO_NEW', 'a']);
  });

  define('R13 an older one is migrated on load, and rewritten by the next write', async (trial) => {
    const older = await trial.store();
    await older.create({ tea: 2 }, { id: 'a', owner: 'ann' });
    await trial.catchUp();
    const from: number[] = [];
    const newer = await trial.store<Cart>({
      schemaVersion: 3,
      migrate(data, fromVersion) {
        from.push(fromVersion);
        const cups = (data as { tea: number }).tea;
        (data as { tea: number }).tea = -1; // a copy, so nobody notices
        return { items: times(cups, () => 'tea') };
      },
    });
    trial.expect((await newer.load('a'))?.data).toEqual({ items: ['tea', 'tea'] });
    trial.expect((await newer.listByOwner('ann'))[0]?.data).toEqual({ items: ['tea', 'tea'] });
    trial.expect((await older.load('a'))?.data).toEqual({ tea: 2 });
    trial.expect(from).toEqual([1, 1]);

    const updated = await newer.update('a', ({ items }) => void items.push('milk'));
    trial.expect([updated.version, updated.data]).toEqual([2, { items: ['tea', 'tea', 'milk'] }]);
    from.length = 0;
    trial.expect((await newer.load('a'))?.data).toEqual({ items: ['tea', 'tea', 'milk'] });
    trial.expect(from).toEqual([]);
    await trial.catchUp();
    trial.expect(await codeOf(older.load('a'))).toBe('SCHEMA_TOO_NEW');
  });

  define(
    'R13 moved along by a rotation, older data stays what it is until it is written',
    async (trial) => {
      const older = await trial.store();
      await older.create('tea', { id: 'a' });
      const newer = await trial.store({
        schemaVersion: 2,
        migrate: (data) => `${String(data)}, migrated`,
      });
      const moved = await newer.rotate('a', { id: 'b' });
      trial.expect(moved.data).toBe('tea, migrated');
      trial.expect((await newer.load('b'))?.data).toBe('tea, migrated');
      trial.expect((await newer.touch('b'))?.data).toBe('tea, migrated');
      await newer.update('b', (data) => data);
      trial.expect((await newer.load('b'))?.data).toBe('tea, migrated');
    },
  );

  define(
    'R13 a migration that throws is DECODE_FAILED, and the session is left as it was',
    async (trial) => {
      const older = await trial.store();
      await older.create('tea', { id: 'a' });
      await trial.catchUp();
      const newer = await trial.store({
        schemaVersion: 2,
        migrate() {
          throw new RangeError('cannot');
        },
      });
      for (const attempt of [() => newer.load('a'), () => newer.update('a', () => 'over it')]) {
        const { code, id, raw, cause } = await refusalOf(attempt());
        trial
          .expect([code, id, raw, (cause as Error).message])
          .toEqual(['DECODE_FAILED', 'a', 'tea', 'cannot']);
      }
      trial
        .expect(await older.load('a').then((session) => [session?.data, session?.version]))
        .toEqual(['tea', 1]);
    },
  );

  for (const [kind, later] of [
    ['', <Value>(value: Value) => value],
    ['asynchronous ', <Value>(value: Value) => Promise.resolve(value)],
  ] as const) {
    define(
      `R13 an ${kind}schema checks and shapes what is written`.replace('an schema', 'a schema'),
      async (trial) => {
        const store = await trial.store<Cart>({ schema: cartSchema(later) });
        const created = await store.create({ items: [' tea '] }, { id: 'a' });
        trial.expect(created.data).toEqual({ items: ['tea'] });
        const wrong = { things: [] } as never;
        const writes: readonly (() => Promise<unknown>)[] = [
          () => store.create(wrong),
          () => store.save('a', wrong),
          () => store.saveIfVersion('a', wrong, 1),
          () => store.update('a', () => wrong),
          () => store.rotate('a', { data: wrong }),
          () => store.current({ create: () => wrong }),
        ];
        for (const write of writes) {
          const { code, issues } = await refusalOf(write());
          trial
            .expect([code, issues?.length, issues?.[0]?.message])
            .toEqual(['INVALID_DATA', 1, 'items is missing']);
        }
        trial.expect(await store.listIds()).toEqual(['a']);
        trial
          .expect((await store.update('a', ({ items }) => void items.push(' milk'))).data)
          .toEqual({
            items: ['tea', 'milk'],
          });
        trial.expect((await store.load('a'))?.version).toBe(2);
      },
    );

    define(
      `R13 an ${kind}schema checks what is loaded`.replace('an schema', 'a schema'),
      async (trial) => {
        const careless = await trial.store();
        await careless.create({ things: [] }, { id: 'a', owner: 'ann' });
        await trial.catchUp();
        const store = await trial.store<Cart>({ schema: cartSchema(later) });
        const { code, id, raw } = await refusalOf(store.load('a'));
        trial.expect([code, id, raw]).toEqual(['INVALID_DATA', 'a', { things: [] }]);
        trial.expect(await store.listByOwner('ann')).toEqual([]);
        trial
          .expect(trial.reported().map(({ context }) => [context.during, context.id]))
          .toEqual([['scan', 'a']]);
      },
    );

    define(
      `R13 with an ${kind}schema concurrent updates lose nothing`.replace('an schema', 'a schema'),
      async (trial) => {
        const stores = await trial.twoWriters<Cart>({ schema: cartSchema(later) });
        await stores[0].create({ items: [] }, { id: 'a' });
        await Promise.all(
          times(10, (i) => stores[i % 2]!.update('a', ({ items }) => void items.push(`item ${i}`))),
        );
        await trial.catchUp();
        const { data, version } = (await stores[1].load('a'))!;
        trial.expect([data.items.length, new Set(data.items).size, version]).toEqual([10, 10, 11]);
      },
    );
  }
}
