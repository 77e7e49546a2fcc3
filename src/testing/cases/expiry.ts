/** R6: idle and absolute timeouts. */

import { faultyBackend } from '../faulty-backend.js';
import { codeOf } from '../outcome.js';
import type { Define } from '../trial.js';

const day = 86_400_000;

export function expiry(define: Define): void {
  define('R6 a session expires exactly at expiresAt', async (trial) => {
    const [one, other] = await trial.twoStores({ ttl: { absolute: 1000 } });
    const { expiresAt } = await one.create('data', { id: 'a', owner: 'ann' });
    trial.expect(expiresAt).toBe(trial.clock.now() + 1000);
    await trial.catchUp();
    await trial.clock.advance(999);
    trial.expect((await other.load('a'))?.data).toBe('data');
    trial.expect(await one.listIds()).toEqual(['a']);
    await trial.clock.advance(1);
    for (const store of [one, other]) {
      trial.expect(await store.load('a')).toBe(undefined);
      trial.expect(await store.open('a')).toBe(undefined);
      trial.expect(await store.listIds()).toEqual([]);
      trial.expect(await store.listIds({ owner: 'ann' })).toEqual([]);
      trial.expect(await store.listByOwner('ann')).toEqual([]);
      trial.expect(await store.endAll('ann')).toBe(0);
      trial.expect(await store.delete('a')).toBe(false);
    }
  });

  define('R6 without a ttl a session never expires', async (trial) => {
    const store = await trial.store();
    trial.expect((await store.create('data', { id: 'a' })).expiresAt).toBe(null);
    await trial.clock.advance(100 * 365 * day);
    trial.expect(await store.sweep()).toBe(0);
    trial.expect((await store.load('a'))?.data).toBe('data');
  });

  define('R6 reading is no activity', async (trial) => {
    const store = await trial.store({ ttl: { idle: 1000 } });
    const { expiresAt } = await store.create('data', { id: 'a', owner: 'ann' });
    await trial.clock.advance(900);
    const view = (await store.open('a'))!;
    await view.reload();
    await store.listIds();
    await store.listByOwner('ann');
    trial.expect((await store.load('a'))?.expiresAt).toBe(expiresAt);
    await trial.clock.advance(100);
    trial.expect(await store.load('a')).toBe(undefined);
  });

  define('R6 every write is activity', async (trial) => {
    const store = await trial.store({ ttl: { idle: 1000 } });
    await store.create('data', { id: 'a' });
    const writes = [
      () => store.save('a', 'saved'),
      () => store.saveIfVersion('a', 'checked', 2),
      () => store.update('a', () => 'updated'),
      () => store.rotate('a', { id: 'b' }),
    ];
    for (const write of writes) {
      await trial.clock.advance(900);
      trial.expect((await write()).expiresAt).toBe(trial.clock.now() + 1000);
    }
  });

  define('R6 touch extends the idle timeout and leaves the version alone', async (trial) => {
    const [one, other] = await trial.twoStores({ ttl: { idle: 1000 } });
    const created = await one.create('data', { id: 'a' });
    await trial.clock.advance(500);
    const touched = await other.touch('a');
    trial.expect(touched).toEqual({ ...created, expiresAt: trial.clock.now() + 1000 });
    await trial.clock.advance(999);
    await trial.catchUp();
    trial.expect(await one.load('a')).toEqual(touched);
    await trial.clock.advance(1);
    trial.expect(await one.load('a')).toBe(undefined);
  });

  define('R6 touch writes only when a tenth of the idle time has passed', async (trial) => {
    const store = await trial.store({ ttl: { idle: 1000 } });
    const { expiresAt } = await store.create('data', { id: 'a' });
    await trial.clock.advance(99);
    trial.expect((await store.touch('a'))?.expiresAt).toBe(expiresAt);
    await trial.clock.advance(1);
    trial.expect((await store.touch('a'))?.expiresAt).toBe(expiresAt! + 100);
    await trial.clock.advance(99);
    trial.expect((await store.touch('a'))?.expiresAt).toBe(expiresAt! + 100);
    await trial.clock.advance(1);
    trial.expect((await store.touch('a'))?.expiresAt).toBe(expiresAt! + 200);
  });

  define('R6 touches between two extensions tell nobody, and write nothing', async (trial) => {
    const store = await trial.store({ ttl: { idle: 1000 } });
    await store.create('data', { id: 'a' });
    const told: string[] = [];
    store.subscribe(({ type }) => told.push(type));
    for (let i = 0; i < 25; i++) {
      await trial.clock.advance(10);
      await store.touch('a');
    }
    trial.expect(told).toEqual(['touched', 'touched']);
  });

  define('R6 the earlier of idle and absolute counts, and no touch goes beyond', async (trial) => {
    const store = await trial.store({ ttl: { idle: 400, absolute: 1000 } });
    const { createdAt } = await store.create('data', { id: 'a' });
    const told: string[] = [];
    store.subscribe(({ type }) => told.push(type));
    const seen: (number | null | undefined)[] = [];
    for (let step = 0; step < 3; step++) {
      await trial.clock.advance(300);
      seen.push((await store.touch('a'))?.expiresAt);
    }
    trial.expect(seen).toEqual([createdAt + 700, createdAt + 1000, createdAt + 1000]);
    // There is nothing left to extend, so nothing is written.
    trial.expect(told).toEqual(['touched', 'touched']);
    await trial.clock.advance(100);
    trial.expect(await codeOf(store.touch('a'))).toBe('SESSION_ENDED');
  });

  define('R6 touch: without an idle timeout there is nothing to extend', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    const plain = await store.create('data', { id: 'a' });
    const capped = await store.create('data', { id: 'b', ttl: { absolute: 1000 } });
    await trial.clock.advance(500);
    trial.expect(await store.touch('a')).toEqual(plain);
    trial.expect(await store.touch('b')).toEqual(capped);
    trial.expect(await store.touch('never was')).toBe(undefined);
  });

  define('R6 ttl: what a write leaves out stays, and null lifts a limit', async (trial) => {
    const store = await trial.store({ ttl: { idle: 100, absolute: 1000 } });
    const { createdAt } = await store.create('data', { id: 'a' });
    const expiries = [
      await store.save('a', 'data', { ttl: { idle: 200 } }),
      await store.save('a', 'data'),
      await store.update('a', () => 'data', { ttl: { idle: null } }),
      await store.saveIfVersion('a', 'data', 4, { ttl: { absolute: 50, idle: undefined } }),
      await store.save('a', 'data', { ttl: { absolute: null } }),
      await store.save('a', 'data', { ttl: { idle: 70 } }),
    ].map(({ expiresAt }) => expiresAt && expiresAt - createdAt);
    trial.expect(expiries).toEqual([200, 200, 1000, 50, null, 70]);
  });

  define('R6 ttl: create goes by the store, unless told otherwise', async (trial) => {
    const store = await trial.store({ ttl: { idle: 100, absolute: 1000 } });
    const now = trial.clock.now();
    const expiries = [
      await store.create('data'),
      await store.create('data', { ttl: { idle: null } }),
      await store.create('data', { ttl: { idle: null, absolute: null } }),
      await store.create('data', { ttl: { idle: 5000 } }),
      await store.save('saved', 'data', { ttl: { absolute: 20 } }),
    ].map(({ expiresAt }) => expiresAt && expiresAt - now);
    trial.expect(expiries).toEqual([100, 1000, null, 1000, 20]);
  });

  define(
    'R6 owner and ttl of a session stay as they are until a write changes them',
    async (trial) => {
      const store = await trial.store();
      await store.create('data', { id: 'a', owner: 'ann' });
      const owners = [
        await store.save('a', 'data'),
        await store.update('a', () => 'data', { owner: 'bob' }),
        await store.save('a', 'data', { owner: null }),
        await store.save('a', 'data', { owner: undefined }),
      ].map(({ owner }) => owner);
      trial.expect(owners).toEqual(['ann', 'bob', null, null]);
    },
  );

  for (const [name, ttl] of [
    ['30 days', 30 * day],
    ['90 days', 90 * day],
    ['400 days', 400 * day],
    ['2^31 ms', 2 ** 31],
  ] as const) {
    define(`R6 a ttl of ${name} does not fire early`, async (trial) => {
      const store = await trial.store({ ttl: { idle: ttl } });
      await store.create('data', { id: 'a' });
      const view = (await store.open('a'))!;
      for (const step of [0, 1, day, ttl - day - 2]) {
        await trial.clock.advance(step);
        trial.expect([await store.sweep(), await store.listIds()]).toEqual([0, ['a']]);
        trial.expect([(await store.load('a'))?.data, view.status]).toEqual(['data', 'active']);
      }
      await trial.clock.advance(1);
      trial.expect([await store.load('a'), view.status]).toEqual([undefined, 'expired']);
    });
  }

  define('R6 a ttl of 2^53 - 1 ms lasts for as long as time can be told', async (trial) => {
    const store = await trial.store({ ttl: { idle: 2 ** 53 - 1, absolute: 2 ** 53 - 1 } });
    const { expiresAt } = await store.create('data', { id: 'a' });
    trial.expect(expiresAt).toBe(2 ** 53 - 1);
    const view = (await store.open('a'))!;
    await trial.clock.advance(1000 * 365 * day);
    trial.expect([(await store.touch('a'))?.data, view.status]).toEqual(['data', 'active']);
    trial.expect([await store.sweep(), await store.listIds()]).toEqual([0, ['a']]);
  });

  define(
    'R6 a clock that is set forward expires what is due, and back brings none of it to life',
    async (trial) => {
      const store = await trial.store({ ttl: { idle: 1000 } });
      await store.create('data', { id: 'a' });
      const start = trial.clock.now();
      trial.clock.set(start + 3_600_000);
      trial.expect(await store.load('a')).toBe(undefined);
      trial.expect(await store.sweep()).toBe(1);
      trial.clock.set(start);
      trial.expect(await store.load('a')).toBe(undefined);
      trial.expect(await codeOf(store.save('a', 'late'))).toBe('SESSION_ENDED');
    },
  );

  define('R6 a clock that is set back keeps sessions alive and writable', async (trial) => {
    const store = await trial.store({ ttl: { idle: 1000 } });
    const { expiresAt } = await store.create('data', { id: 'a' });
    trial.clock.set(trial.clock.now() - 3_600_000);
    const touched = await store.touch('a');
    // A touch extends, and never shortens, whatever the clock says.
    trial.expect([touched?.expiresAt, touched?.version]).toEqual([expiresAt, 1]);
    const saved = await store.save('a', 'more');
    trial.expect([saved.version, saved.expiresAt]).toEqual([2, trial.clock.now() + 1000]);
    await trial.clock.advance(1000);
    trial.expect(await store.load('a')).toBe(undefined);
  });
}
