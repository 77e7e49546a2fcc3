/** `Backend.scan` and `Backend.listIds`, spoken to directly. */

import type { Backend, ScanCursor, ScanPage, ScanQuery } from '../../backend.js';
import { live, put, slot, times, tombstone } from '../records.js';
import type { Define } from '../trial.js';

type Selection = ScanQuery extends infer Each
  ? Each extends unknown
    ? Omit<Each, 'after' | 'limit'>
    : never
  : never;

/** Every id that a scan finds, in its order, page by page. */
async function scanned(backend: Backend, query: Selection, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let after: ScanCursor | undefined;
  do {
    const page: ScanPage = await backend.scan({ ...query, after, limit });
    if (page.records.length > limit) throw new RangeError('The page is longer than its limit.');
    if (page.next !== undefined && page.records.length === 0)
      throw new RangeError('A page is empty.');
    ids.push(...page.records.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return ids;
}

/** The same at every page size from one record to more than there are. */
async function expectAtEverySize(
  { expect }: { readonly expect: (actual: unknown) => { toEqual(expected: unknown): unknown } },
  backend: Backend,
  query: Selection,
  expected: readonly string[],
): Promise<void> {
  for (let limit = 1; limit <= expected.length + 1; limit++) {
    expect([limit, await scanned(backend, query, limit)]).toEqual([limit, expected]);
  }
}

export function scans(define: Define): void {
  define('R7 scan by id: every record of every kind, in code unit order', async (trial) => {
    const backend = await trial.opened();
    await put(
      backend,
      ...['z', 'B', '\ufffd', 'a', '\u{1f600}', '\u00e9', 'ab', 'a '].map((id) => live(id)),
      tombstone('gone'),
      slot('default', 'a'),
    );
    const order = [
      '\u0001slot:default',
      'B',
      'a',
      'a ',
      'ab',
      'gone',
      'z',
      '\u00e9',
      '\u{1f600}',
      '\ufffd',
    ];
    await expectAtEverySize(trial, backend, { by: 'id' }, order);
  });

  define('R7 scan by owner: living sessions of exactly that owner, in id order', async (trial) => {
    const backend = await trial.opened();
    await put(
      backend,
      ...['c', 'a', 'b', 'B'].map((id) => live(id, { owner: 'ann' })),
      live('other', { owner: 'Ann' }),
      live('prefix', { owner: 'anna' }),
      live('nobody'),
      tombstone('was hers', { lastOwner: 'ann' }),
    );
    await expectAtEverySize(trial, backend, { by: 'owner', owner: 'ann' }, ['B', 'a', 'b', 'c']);
    await expectAtEverySize(trial, backend, { by: 'owner', owner: 'bob' }, []);
  });

  define('R7 scan by expiresAt: what expires until then, the earliest first', async (trial) => {
    const backend = await trial.opened();
    await put(
      backend,
      live('late', { expiresAt: 3000 }),
      live('b', { expiresAt: 2000 }),
      live('a', { expiresAt: 2000 }),
      live('c', { expiresAt: 2000 }),
      live('first', { expiresAt: 5 }),
      live('after', { expiresAt: 3001 }),
      live('far', { expiresAt: 2 ** 53 - 1 }),
      live('never'),
      tombstone('gone', { purgeAt: 100 }),
    );
    const order = ['first', 'a', 'b', 'c', 'late'];
    await expectAtEverySize(trial, backend, { by: 'expiresAt', until: 3000 }, order);
    await expectAtEverySize(trial, backend, { by: 'expiresAt', until: 4 }, []);
  });

  define('R7 scan by purgeAt: tombstones past their time, the earliest first', async (trial) => {
    const backend = await trial.opened();
    await put(
      backend,
      tombstone('b', { purgeAt: 700 }),
      tombstone('a', { purgeAt: 700 }),
      tombstone('first', { purgeAt: 10 }),
      tombstone('last', { purgeAt: 1000 }),
      tombstone('not yet', { purgeAt: 1001 }),
      live('expired', { expiresAt: 20 }),
    );
    const order = ['first', 'a', 'b', 'last'];
    await expectAtEverySize(trial, backend, { by: 'purgeAt', until: 1000 }, order);
  });

  define('R7 scan: records move with their owner and their expiry', async (trial) => {
    const backend = await trial.opened();
    await put(
      backend,
      live('a', { owner: 'ann', expiresAt: 100 }),
      live('b', { owner: 'ann', expiresAt: 50 }),
    );
    await put(backend, live('a', { version: 2, owner: 'bob', expiresAt: 200 }));
    await put(backend, live('b', { version: 2, owner: 'bob', expiresAt: null }));
    trial.expect(await scanned(backend, { by: 'owner', owner: 'ann' }, 10)).toEqual([]);
    trial.expect(await scanned(backend, { by: 'owner', owner: 'bob' }, 10)).toEqual(['a', 'b']);
    trial.expect(await scanned(backend, { by: 'expiresAt', until: 150 }, 10)).toEqual([]);
    trial.expect(await scanned(backend, { by: 'expiresAt', until: 200 }, 10)).toEqual(['a']);
    await backend.transact(['a'], () => ({ remove: ['a'], result: undefined }));
    trial.expect(await scanned(backend, { by: 'owner', owner: 'bob' }, 10)).toEqual(['b']);
    trial.expect(await scanned(backend, { by: 'expiresAt', until: 9000 }, 10)).toEqual([]);
  });

  define('R7 scan: hands out whole records, data included', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('a', { owner: 'ann', version: 4 }));
    const { records } = await backend.scan({ by: 'owner', owner: 'ann', limit: 10 });
    const found = records.map(
      (record) => record.kind === 'live' && [record.version, record.data.value()],
    );
    trial.expect(found).toEqual([[4, { id: 'a' }]]);
  });

  define(
    'R7 scan: a page goes on behind its cursor, whatever happened in between',
    async (trial) => {
      const backend = await trial.opened();
      await put(backend, ...['a', 'b', 'c', 'd'].map((id) => live(id, { expiresAt: 100 })));
      const first = await backend.scan({ by: 'expiresAt', until: 100, limit: 2 });
      trial.expect(first.records.map(({ id }) => id)).toEqual(['a', 'b']);
      await put(
        backend,
        tombstone('a'),
        tombstone('b'),
        tombstone('c'),
        live('aa', { expiresAt: 100 }),
      );
      const second = await backend.scan({
        by: 'expiresAt',
        until: 100,
        limit: 2,
        after: first.next,
      });
      trial.expect(second.records.map(({ id }) => id)).toEqual(['d']);
    },
  );

  define(
    'R7 scan: pages over hundreds of records are complete and without repetition',
    async (trial) => {
      const backend = await trial.opened();
      const ids = times(250, (i) => `id ${String(i).padStart(3, '0')}`);
      await put(backend, ...ids.map((id) => live(id, { owner: 'ann', expiresAt: 77 })));
      trial.expect(await scanned(backend, { by: 'id' }, 100)).toEqual(ids);
      trial.expect(await scanned(backend, { by: 'owner', owner: 'ann' }, 99)).toEqual(ids);
      trial.expect(await scanned(backend, { by: 'expiresAt', until: 77 }, 50)).toEqual(ids);
    },
  );

  define('R14 listIds: living sessions only, in code unit order', async (trial) => {
    const backend = await trial.opened();
    await put(
      backend,
      ...['b', 'A', '\u{1f600}', '\ufffd', 'a'].map((id) => live(id)),
      live('dead', { expiresAt: 1000 }),
      live('dying', { expiresAt: 1001 }),
      tombstone('gone'),
      slot('default', 'a'),
    );
    const all = ['A', 'a', 'b', 'dying', '\u{1f600}', '\ufffd'];
    trial.expect(await backend.listIds({ aliveAt: 1000, limit: Infinity })).toEqual(all);
    trial
      .expect(await backend.listIds({ aliveAt: 999, limit: 100 }))
      .toEqual(['A', 'a', 'b', 'dead', 'dying', '\u{1f600}', '\ufffd']);
  });

  define('R14 listIds: by owner, after an id, and no more than asked', async (trial) => {
    const backend = await trial.opened();
    await put(
      backend,
      ...times(9, (i) =>
        live(`id ${i}`, { owner: i % 2 === 0 ? 'ann' : 'bob', expiresAt: i === 4 ? 10 : null }),
      ),
    );
    const list = (query: { owner?: string; after?: string; limit: number }): Promise<string[]> =>
      backend.listIds({ aliveAt: 10, ...query });
    trial
      .expect(await list({ owner: 'ann', limit: Infinity }))
      .toEqual(['id 0', 'id 2', 'id 6', 'id 8']);
    trial.expect(await list({ owner: 'ann', limit: 2 })).toEqual(['id 0', 'id 2']);
    trial.expect(await list({ owner: 'ann', after: 'id 2', limit: 1 })).toEqual(['id 6']);
    trial.expect(await list({ after: 'id 6', limit: 10 })).toEqual(['id 7', 'id 8']);
    trial.expect(await list({ after: 'id 3x', limit: 2 })).toEqual(['id 5', 'id 6']);
    trial.expect(await list({ after: 'z', limit: 10 })).toEqual([]);
    trial.expect(await list({ owner: 'an', limit: 10 })).toEqual([]);
  });
}
