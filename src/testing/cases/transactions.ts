/** `Backend.transact`, spoken to directly. */

import { headerOf } from '../../record.js';
import { collision } from '../../standing.js';
import { payloadOf } from '../../payload.js';
import { codeOf, settle } from '../outcome.js';
import { increment, live, plain, put, slot, times, tombstone } from '../records.js';
import type { Define } from '../trial.js';

export function transactions(define: Define): void {
  define('R2 transact: nobody comes between its read and its write', async (trial) => {
    const writers = await trial.twoBackends();
    const counts = await Promise.all(
      times(60, (i) => writers[i % 2]!.transact(['count'], increment('count'))),
    );
    trial.expect(counts.sort((one, other) => one - other)).toEqual(times(60, (i) => i + 1));
    await trial.catchUp();
    trial.expect((await writers[0].read('count'))?.version).toBe(60);
  });

  define('R2 transact: what it reads of several records belongs together', async (trial) => {
    const [one, other] = await trial.twoBackends();
    await put(one, live('left', { version: 100 }), live('right', { version: 100 }));
    const move = (from: string, to: string): ReturnType<typeof one.transact<number>> =>
      (from === 'left' ? one : other).transact([from, to], (current) => {
        const [source, target] = [current.get(from)!, current.get(to)!];
        const write = [
          live(from, { version: source.version - 1 }),
          live(to, { version: target.version + 1 }),
        ];
        return { write, result: source.version + target.version };
      });
    const sums = await Promise.all(
      times(40, (i) => (i % 3 === 0 ? move('right', 'left') : move('left', 'right'))),
    );
    trial.expect(sums.every((sum) => sum === 200)).toBe(true);
  });

  define(
    'R2 transact: one that was begun later sees what the one before it wrote',
    async (trial) => {
      const backend = await trial.opened();
      const first = backend.transact(['a'], increment('a'));
      const second = backend.transact(['a'], increment('a'));
      trial.expect(await Promise.all([first, second])).toEqual([1, 2]);
    },
  );

  define('R10 transact: a decide that throws writes nothing and fails alone', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('a'));
    const outcomes = await Promise.all([
      codeOf(backend.transact(['b'], increment('b'))),
      codeOf(
        backend.transact(['a'], () => {
          throw new RangeError('no');
        }),
      ),
      codeOf(backend.transact(['c'], increment('c'))),
    ]);
    trial.expect(outcomes).toEqual(['done', 'RangeError', 'done']);
    const versions = await Promise.all(['a', 'b', 'c'].map((id) => backend.read(id)));
    trial.expect(versions.map((record) => record?.version)).toEqual([1, 1, 1]);
  });

  define('R10 transact: writes and removals are made together', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('old'), live('kept'));
    await backend.transact(['old', 'new', 'kept'], () => ({
      write: [live('new'), live('kept', { version: 2 })],
      remove: ['old'],
      result: undefined,
    }));
    const { records } = await backend.scan({ by: 'id', limit: 10 });
    trial.expect(records.map(({ id, version }) => [id, version])).toEqual([
      ['kept', 2],
      ['new', 1],
    ]);
  });

  define('R10 transact: changing an id that was not asked for is refused', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('stranger'));
    const write = backend.transact(['a'], () => ({
      write: [live('a'), live('stranger', { version: 2 })],
      result: undefined,
    }));
    const removal = backend.transact(['a'], () => ({
      write: [live('a')],
      remove: ['stranger'],
      result: undefined,
    }));
    trial
      .expect([await codeOf(write), await codeOf(removal)])
      .toEqual(['RangeError', 'RangeError']);
    trial.expect(await backend.read('a')).toBe(undefined);
    trial.expect((await backend.read('stranger'))?.version).toBe(1);
  });

  define('R10 transact: one record that cannot be encoded keeps the others back', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('a'), live('b'));
    const unreadable = {
      value() {
        throw new RangeError('There is no such data.');
      },
    };
    const write = [live('a', { version: 2 }), live('b', { version: 2, data: unreadable })];
    const outcome = await codeOf(
      backend.transact(['a', 'b'], () => ({ write, result: undefined })),
    );
    const versions = [(await backend.read('a'))?.version, (await backend.read('b'))?.version];
    // A backend that keeps payloads as they are has nothing to encode, and so nothing to refuse.
    trial.expect(versions).toEqual(outcome === 'done' ? [2, 2] : [1, 1]);
  });

  define('R9 transact: what is resolved can be read, here and in other tabs', async (trial) => {
    const here = await trial.opened();
    const there = await trial.opened();
    await put(here, live('a', { version: 3 }));
    trial.expect((await here.read('a'))?.version).toBe(3);
    await trial.catchUp();
    trial.expect((await there.read('a'))?.version).toBe(3);
    const seen = await there.transact(['a'], (current) => ({ result: current.get('a')?.version }));
    trial.expect(seen).toBe(3);
  });

  define(
    'R9 transact: transactions of one tab take effect in the order they were begun',
    async (trial) => {
      const backend = await trial.opened();
      const settled: number[] = [];
      await Promise.all(
        times(30, async (i) => {
          await put(backend, live('last', { version: i + 1 }));
          settled.push(i);
        }),
      );
      trial.expect(settled).toEqual(times(30, (i) => i));
      trial.expect((await backend.read('last'))?.version).toBe(30);
    },
  );

  define('R8 transact: what is not there is undefined, to read and to decide', async (trial) => {
    const backend = await trial.opened();
    trial.expect(await backend.read('a')).toBe(undefined);
    const found = await backend.transact(['a'], (current) => ({
      result: current.get('a') === undefined,
    }));
    trial.expect(found).toBe(true);
  });

  define('R1 transact: records come back as they were written', async (trial) => {
    const [here, there] = [await trial.opened(), await trial.opened()];
    const records = [
      live('plain'),
      live('full', {
        version: 2 ** 53 - 1,
        owner: 'Zoë "quoted" \\ 日本',
        slot: '\u0001slot:default',
        createdAt: 0,
        updatedAt: 1.5,
        touchedAt: 2 ** 53 - 1,
        idle: 1,
        absolute: 2 ** 53 - 1,
        expiresAt: 2 ** 53 - 1,
        schemaVersion: 42,
        data: payloadOf(['data', { nested: true }]),
      }),
      live('no data', { data: payloadOf(undefined) }),
      tombstone('moved', { reason: 'rotated', successor: 'full', lastOwner: 'ann', version: 9 }),
      tombstone('over', { reason: 'expired', purgeAt: 2 ** 53 - 1 }),
      slot('default', 'full'),
    ];
    await put(here, ...records);
    await trial.catchUp();
    for (const record of records) {
      trial.expect(plain(await there.read(record.id))).toEqual(plain(record));
      const decided = await there.transact([record.id], (current) => ({
        result: current.get(record.id),
      }));
      trial.expect(plain(decided)).toEqual(plain(record));
    }
  });

  define('R4 transact: a tombstone takes the place of the session, data and all', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('a', { owner: 'ann', expiresAt: 2000, data: payloadOf('a secret') }));
    await put(backend, tombstone('a', { lastOwner: 'ann', version: 2 }));
    const record = await backend.read('a');
    trial.expect(headerOf(record!)).toEqual(tombstone('a', { lastOwner: 'ann', version: 2 }));
    trial.expect('data' in record!).toBe(false);
    const living = await Promise.all([
      backend.scan({ by: 'owner', owner: 'ann', limit: 10 }),
      backend.scan({ by: 'expiresAt', until: 9000, limit: 10 }),
    ]);
    trial.expect(living.map(({ records }) => records.length)).toEqual([0, 0]);
    trial.expect(await backend.listIds({ aliveAt: 1000, limit: 10 })).toEqual([]);
  });

  define('R3 transact: ids that look alike are kept apart', async (trial) => {
    const [here, there] = [await trial.opened(), await trial.opened()];
    await put(here, ...lookalikes.map((id, i) => live(id, { version: i + 1 })));
    await trial.catchUp();
    const found = await Promise.all(lookalikes.map((id) => there.read(id)));
    trial.expect(found.map((record) => record?.version)).toEqual(lookalikes.map((_, i) => i + 1));
    const listed = await there.listIds({ aliveAt: 0, limit: 100 });
    trial.expect(listed).toEqual([...lookalikes].sort());
  });

  define(
    'R2 transact: two tabs that create one record at once: one finds the other',
    async (trial) => {
      const writers = await trial.twoBackends();
      const create = (i: number): Promise<boolean> =>
        writers[i % 2]!.transact(['new'], (current) => {
          if (current.get('new') !== undefined) throw collision('new');
          return { write: [live('new', { version: i + 1 })], result: true };
        });
      const { done, refused } = await settle(times(10, create));
      trial.expect([done.length, refused.length]).toEqual([1, 9]);
    },
  );
}

const lookalikes = [
  'a',
  'A',
  ' a',
  'a ',
  'a:b',
  'a/b',
  'a\\b',
  'a%3Ab',
  'a?b#c',
  'a\'b"c',
  '.',
  '..',
  '0',
  '00',
  'null',
  'undefined',
  'length',
  'getItem',
  'key',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\u00e9',
  'e\u0301',
  '\u{1f600}',
  '\ufffd',
  'x'.repeat(255),
  'x'.repeat(256),
];
