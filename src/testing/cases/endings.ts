/** R4: what has ended stays ended. */

import type { SessionStore } from '../../session.js';
import type { EndReason } from '../../session.js';
import { plain, times } from '../records.js';
import { codeOf, refusalOf, settle } from '../outcome.js';
import type { Define, Trial } from '../trial.js';

interface Ending {
  readonly reason: EndReason;
  readonly end: (store: SessionStore<unknown>, trial: Trial) => Promise<unknown>;
}

/** Every way in which session `a`, of owner `ann` and one hour's life, can end. */
const endings: Record<string, Ending> = {
  deleted: { reason: 'ended', end: (store) => store.delete('a') },
  'rotated away': { reason: 'rotated', end: (store) => store.rotate('a', { id: 'successor' }) },
  'expired and not swept': { reason: 'expired', end: (_, trial) => trial.clock.advance(3_600_000) },
  'expired and swept': {
    reason: 'expired',
    async end(store, trial) {
      await trial.clock.advance(3_600_000);
      await store.sweep();
    },
  },
  cleared: { reason: 'ended', end: (store) => store.clear() },
  'ended with all of its owner': { reason: 'ended', end: (store) => store.endAll('ann') },
};

const lateWrites: Record<string, (store: SessionStore<unknown>) => Promise<unknown>> = {
  save: (store) => store.save('a', 'late'),
  'saveIfVersion as it was': (store) => store.saveIfVersion('a', 'late', 1),
  'saveIfVersion as if it never was': (store) => store.saveIfVersion('a', 'late', 0),
  update: (store) => store.update('a', () => 'late'),
  touch: (store) => store.touch('a'),
  create: (store) => store.create('late', { id: 'a' }),
};

export function lives(define: Define): void {
  for (const [how, { reason, end }] of Object.entries(endings)) {
    define(
      `R4 a late write onto a session that was ${how} is refused and writes nothing`,
      async (trial) => {
        const [one, other] = await trial.twoStores({ ttl: { idle: 3_600_000 } });
        await one.create('data', { id: 'a', owner: 'ann' });
        await end(one, trial);
        await trial.catchUp();
        const raw = await trial.opened();
        const before = plain(await raw.read('a'));
        for (const [name, write] of Object.entries(lateWrites)) {
          for (const store of [one, other]) {
            const error = await refusalOf(write(store));
            trial
              .expect([name, error.code, error.reason, error.actual, error.id, error.successor])
              .toEqual([
                name,
                'SESSION_ENDED',
                reason,
                1,
                'a',
                reason === 'rotated' ? 'successor' : undefined,
              ]);
          }
        }
        const rotated = await refusalOf(other.rotate('a', { id: 'late' }));
        // Whoever rotates too late has lost against the rotation that won.
        const [code, successor] =
          reason === 'rotated' ? ['VERSION_CONFLICT', 'successor'] : ['SESSION_ENDED', undefined];
        trial.expect([rotated.code, rotated.successor]).toEqual([code, successor]);
        await trial.catchUp();
        trial.expect(plain(await raw.read('a'))).toEqual(before);
        trial
          .expect([await other.load('a'), await other.load('late')])
          .toEqual([undefined, undefined]);
        trial.expect(await one.delete('a')).toBe(false);
      },
    );

    define(`R4 no reader finds a session that was ${how}`, async (trial) => {
      const stores = await trial.twoStores({ ttl: { idle: 3_600_000 } });
      await stores[0].create('data', { id: 'a', owner: 'ann' });
      await end(stores[0], trial);
      await trial.catchUp();
      for (const store of stores) {
        trial.expect(await store.load('a')).toBe(undefined);
        trial.expect(await store.open('a')).toBe(undefined);
        trial.expect((await store.listIds()).filter((id) => id !== 'successor')).toEqual([]);
        const owned = await store.listByOwner('ann');
        trial.expect(owned.filter(({ id }) => id !== 'successor')).toEqual([]);
      }
    });

    define(`R4 only replaceEnded gives a new life to a session that was ${how}`, async (trial) => {
      const store = await trial.store({ ttl: { idle: 3_600_000 } });
      const first = await store.create('data', { id: 'a', owner: 'ann' });
      await end(store, trial);
      await trial.clock.advance(1);
      const again = await store.create('new life', { id: 'a', replaceEnded: true });
      trial.expect([again.version, again.data, again.owner]).toEqual([2, 'new life', null]);
      trial.expect(again.createdAt > first.createdAt).toBe(true);
      trial.expect(await codeOf(store.saveIfVersion('a', 'late', 1))).toBe('VERSION_CONFLICT');
      trial.expect((await store.update('a', () => 'goes on')).version).toBe(3);
    });
  }

  define('R4 replaceEnded needs no end: an id that never was starts at 1', async (trial) => {
    const store = await trial.store();
    const { version } = await store.create('data', { id: 'a', replaceEnded: true });
    trial.expect(version).toBe(1);
  });

  define('R4 delete says whether the session was there', async (trial) => {
    const [one, other] = await trial.twoStores();
    await one.create('data', { id: 'a' });
    trial.expect(await other.delete('a')).toBe(true);
    trial.expect([await one.delete('a'), await other.delete('a')]).toEqual([false, false]);
    trial.expect(await one.delete('never was')).toBe(false);
    // Nor has it left anything that would keep the id from being used.
    trial.expect((await one.create('data', { id: 'never was' })).version).toBe(1);
  });

  define('R4 of many deletes at once one ended it', async (trial) => {
    const stores = await trial.twoWriters();
    await stores[0].create('data', { id: 'a' });
    const answers = await Promise.all(times(8, (i) => stores[i % 2]!.delete('a')));
    trial.expect(answers.filter(Boolean).length).toBe(1);
  });

  define('R4 writes in flight while the session ends never bring it back', async (trial) => {
    const [one, other] = await trial.twoWriters();
    for (const id of times(5, (i) => `session ${i}`)) {
      await one.create('data', { id });
      const writes = [
        ...times(4, (i) => one.save(id, i)),
        other.delete(id),
        ...times(4, (i) => other.update(id, () => i)),
        ...times(4, () => one.save(id, 'late')),
      ];
      const { refused } = await settle<unknown>(writes);
      trial.expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 'SESSION_ENDED'));
      await trial.catchUp();
      trial.expect([await one.load(id), await other.load(id)]).toEqual([undefined, undefined]);
      trial.expect(await codeOf(other.save(id, 'later'))).toBe('SESSION_ENDED');
    }
  });

  define('R4 a tombstone keeps the last version and no data', async (trial) => {
    const store = await trial.store();
    await store.create({ token: 'very secret' }, { id: 'a', owner: 'ann' });
    await store.update('a', () => ({ token: 'more secret' }));
    await store.delete('a');
    const raw = await trial.opened();
    await trial.catchUp();
    const { kind, version } = (await raw.read('a'))!;
    trial.expect([kind, version]).toEqual(['tombstone', 2]);
    const { records } = await raw.scan({ by: 'id', limit: 100 });
    trial.expect(records.map((record) => 'data' in record)).toEqual([false]);
  });

  define(
    'R4 a tombstone is forgotten by the sweep after tombstoneTtl, and not before',
    async (trial) => {
      const store = await trial.store({ tombstoneTtl: 5000 });
      await store.create('data', { id: 'a' });
      await store.delete('a');
      await trial.clock.advance(4999);
      await store.sweep();
      trial.expect(await codeOf(store.save('a', 'late'))).toBe('SESSION_ENDED');
      await trial.clock.advance(1);
      trial.expect(await store.sweep()).toBe(0);
      trial.expect((await store.create('anew', { id: 'a' })).version).toBe(1);
    },
  );

  define('R4 tombstones live for a day unless told otherwise', async (trial) => {
    const store = await trial.store();
    await store.create('data', { id: 'a' });
    await store.delete('a');
    await trial.clock.advance(86_399_999);
    await store.sweep();
    trial.expect(await codeOf(store.create('anew', { id: 'a' }))).toBe('SESSION_ENDED');
    await trial.clock.advance(1);
    await store.sweep();
    trial.expect(await codeOf(store.create('anew', { id: 'a' }))).toBe('done');
  });

  define('R4 an expired session leaves a tombstone when it is swept', async (trial) => {
    const store = await trial.store({ tombstoneTtl: 5000 });
    await store.create('data', { id: 'a', ttl: { absolute: 1000 } });
    await trial.clock.advance(1000);
    trial.expect(await store.sweep()).toBe(1);
    await trial.clock.advance(4999);
    await store.sweep();
    trial.expect(await codeOf(store.save('a', 'late'))).toBe('SESSION_ENDED');
  });
}
