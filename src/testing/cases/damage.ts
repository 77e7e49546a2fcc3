/** R8: what cannot be read is not absent, and nothing is written over it. */

import type { SessionStore } from '../../session.js';
import { damageable } from '../damage.js';
import { faultyBackend } from '../faulty-backend.js';
import { codeOf, refusalOf } from '../outcome.js';
import { times } from '../records.js';
import type { Define, Trial } from '../trial.js';

const uses: Record<string, (store: SessionStore<unknown>) => Promise<unknown>> = {
  load: (store) => store.load('damaged'),
  open: (store) => store.open('damaged'),
  save: (store) => store.save('damaged', 'over it'),
  'saveIfVersion 0': (store) => store.saveIfVersion('damaged', 'over it', 0),
  'saveIfVersion 1': (store) => store.saveIfVersion('damaged', 'over it', 1),
  update: (store) => store.update('damaged', () => 'over it'),
  touch: (store) => store.touch('damaged'),
  rotate: (store) => store.rotate('damaged'),
};

const namesakes: Record<string, (store: SessionStore<unknown>) => Promise<unknown>> = {
  'rotate to it': (store) => store.rotate('good', { id: 'damaged' }),
  create: (store) => store.create('over it', { id: 'damaged' }),
  'create anew': (store) => store.create('over it', { id: 'damaged', replaceEnded: true }),
};

/** Whatever was reported is about the damaged session, and says so. */
function expectOnlyDamage(trial: Trial): void {
  const ids = trial
    .reported()
    .map(({ error, context }) => [(error as { code?: string }).code, context.id]);
  trial.expect(ids).toEqual(ids.map(() => ['DECODE_FAILED', 'damaged']));
}

export function unreadables(define: Define): void {
  for (const how of ['foreign', 'cut', 'polluting'] as const) {
    define(
      `R8 a session that is ${how}: every use is DECODE_FAILED, and it is left as it was`,
      async (trial) => {
        const { backend, strike } = damageable(trial, 'damaged');
        const store = await trial.store({ backend: backend(), ttl: { idle: 1000 } });
        await store.create('data', { id: 'good' });
        const raw = await strike(how);
        const before = await raw();
        await trial.clock.advance(500);
        for (const [use, attempt] of Object.entries(uses)) {
          const { code, id, raw: told } = await refusalOf(attempt(store));
          trial.expect([use, code, id]).toEqual([use, 'DECODE_FAILED', 'damaged']);
          trial.expect(told === undefined).toBe(false);
          trial.expect([use, await raw()]).toEqual([use, before]);
        }
        for (const [use, attempt] of Object.entries(namesakes)) {
          const { code, id } = await refusalOf(attempt(store));
          // Where no more than the data is damaged, it is known that the id is taken.
          const isRefused = code === 'DECODE_FAILED' || code === 'ID_COLLISION';
          trial.expect([use, isRefused, id]).toEqual([use, true, 'damaged']);
          trial.expect([use, await raw()]).toEqual([use, before]);
        }
        trial.expect((await store.load('good'))?.version).toBe(1);
      },
    );

    define(`R8 a session that is ${how}: the others go on`, async (trial) => {
      const { backend, strike } = damageable(trial, 'damaged');
      const store = await trial.store<number>({ backend: backend() });
      await store.create(0, { id: 'a', owner: 'ann' });
      await store.create(0, { id: 'z', owner: 'ann', ttl: { idle: 1000 } });
      const raw = await strike(how);
      const before = await raw();
      const [refused, ...written] = await Promise.all([
        codeOf(store.update('damaged', () => 1)),
        ...times(5, () => codeOf(store.update('a', (count) => count + 1))),
      ]);
      trial.expect([refused, ...written]).toEqual(['DECODE_FAILED', ...times(5, () => 'done')]);
      trial.expect((await store.listIds()).filter((id) => id !== 'damaged')).toEqual(['a', 'z']);
      trial.expect((await store.listByOwner('ann')).map(({ data }) => data)).toEqual([5, 0]);
      await trial.clock.advance(1000);
      trial.expect(await store.sweep()).toBe(1);
      trial.expect(await store.endAll('ann')).toBe(1);
      trial.expect(await raw()).toEqual(before);
      expectOnlyDamage(trial);
    });

    define(`R8 a session that is ${how} reaches no prototype`, async (trial) => {
      const { backend, strike } = damageable(trial, 'damaged');
      const store = await trial.store({ backend: backend() });
      await strike(how);
      await codeOf(store.load('damaged'));
      await codeOf(store.update('damaged', () => 'over it'));
      await store.listIds();
      await store.sweep();
      trial.expect(Object.keys(Object.prototype)).toEqual([]);
      trial.expect(({} as Record<string, unknown>)['polluted']).toBe(undefined);
      expectOnlyDamage(trial);
    });

    define(`R8 a session that is ${how}: clear is the way out`, async (trial) => {
      const { backend, strike } = damageable(trial, 'damaged');
      const store = await trial.store({ backend: backend() });
      await strike(how);
      await store.create('data', { id: 'good' });
      await store.clear();
      const afterwards = await trial.store();
      trial.expect(await afterwards.listIds()).toEqual([]);
      const anew = afterwards.create('anew', { id: 'damaged', replaceEnded: true });
      trial.expect(await codeOf(anew)).toBe('done');
      trial.expect((await afterwards.load('damaged'))?.data).toBe('anew');
      expectOnlyDamage(trial);
    });

    define(`R8 a current session that is ${how} is not replaced by a new one`, async (trial) => {
      const { backend, strike } = damageable(trial, 'damaged');
      const store = await trial.store({ backend: backend(), generateId: () => 'damaged' });
      (await store.current({ create: () => 'data' })).close();
      const raw = await strike(how);
      const planted = await raw();
      let created = 0;
      const current = store.current({
        create() {
          created++;
          return 'another';
        },
      });
      trial.expect([await codeOf(current), created]).toEqual(['DECODE_FAILED', 0]);
      trial.expect(await raw()).toEqual(planted);
    });

    define(
      `R8 a view whose session becomes ${how} keeps what it shows, and writes nothing over it`,
      async (trial) => {
        const { backend, strike } = damageable(trial, 'damaged');
        const store = await trial.store({ backend: backend() });
        await store.create('data', { id: 'damaged' });
        const view = (await store.open('damaged'))!;
        const raw = await strike(how);
        const before = await raw();
        trial.tabs.resync();
        await trial.idle();
        trial.expect([view.status, view.data]).toEqual(['active', 'data']);
        trial.expect(await codeOf(view.update(() => 'over it'))).toBe('DECODE_FAILED');
        trial.expect([view.status, view.data, await raw()]).toEqual(['active', 'data', before]);
        expectOnlyDamage(trial);
      },
    );
  }
}

export function failedReads(define: Define): void {
  const fail = (): never => {
    throw new RangeError('The disk is gone.');
  };

  define('R8 a read that fails is never absence', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    await store.create('data', { id: 'a', owner: 'ann' });
    const reads: readonly (readonly [
      'read' | 'transact' | 'scan' | 'listIds',
      () => Promise<unknown>,
    ])[] = [
      ['read', () => store.load('a')],
      ['read', () => store.open('a')],
      ['transact', () => store.update('a', () => 'over it')],
      ['transact', () => store.save('a', 'over it')],
      ['transact', () => store.create('over it', { id: 'a' })],
      ['transact', () => store.touch('a')],
      ['transact', () => store.delete('a')],
      ['scan', () => store.listByOwner('ann')],
      ['scan', () => store.sweep()],
      ['listIds', () => store.listIds()],
      ['scan', () => store.endAll('ann')],
    ];
    for (const [operation, read] of reads) {
      backend.once(operation, 'before', fail);
      trial.expect([operation, await codeOf(read())]).toEqual([operation, 'RangeError']);
    }
    trial
      .expect(await store.load('a').then((session) => [session?.data, session?.version]))
      .toEqual(['data', 1]);
  });

  define('R8 current: a read that fails starts no new session', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    const first = await store.current({ create: () => 'data' });
    let created = 0;
    const create = (): string => `another ${++created}`;
    for (const operation of ['read', 'read'] as const) {
      backend.once(operation, 'before', fail);
      trial.expect(await codeOf(store.current({ create }))).toBe('RangeError');
    }
    trial.expect([(await store.current({ create })).id, created]).toEqual([first.id, 0]);
    trial.expect(await store.listIds()).toEqual([first.id]);
  });

  define(
    'R8 a write whose answer is lost is found by the next read, and not made twice',
    async (trial) => {
      const backend = faultyBackend(trial.backend());
      const store = await trial.store({ backend });
      await store.create('data', { id: 'a' });
      backend.once('transact', 'after', fail);
      trial.expect(await codeOf(store.saveIfVersion('a', 'saved', 1))).toBe('RangeError');
      trial.expect(await codeOf(store.saveIfVersion('a', 'saved', 1))).toBe('VERSION_CONFLICT');
      trial
        .expect(await store.load('a').then((session) => [session?.data, session?.version]))
        .toEqual(['saved', 2]);
    },
  );
}
