/** R5: a session moves to a new id, once. */

import { codeOf, refusalOf, settle } from '../outcome.js';
import { times } from '../records.js';
import type { Define } from '../trial.js';

export function rotation(define: Define): void {
  define('R5 rotate: a new id, the same session, one version further', async (trial) => {
    const [one, other] = await trial.twoStores();
    const before = await one.create({ cart: ['tea'] }, { owner: 'ann' });
    await trial.clock.advance(10);
    const after = await one.rotate(before.id);
    trial.expect(after.id === before.id).toBe(false);
    trial
      .expect(after)
      .toEqual({ ...before, id: after.id, version: 2, updatedAt: trial.clock.now() });
    await trial.catchUp();
    trial
      .expect([await one.load(before.id), await other.load(before.id)])
      .toEqual([undefined, undefined]);
    trial.expect(await other.load(after.id)).toEqual(after);
    trial.expect(await other.listByOwner('ann')).toEqual([after]);
  });

  define('R5 rotate takes new data and a given id', async (trial) => {
    const store = await trial.store();
    await store.create('before', { id: 'a' });
    const { id, data, version } = await store.rotate('a', { id: 'b', data: 'after' });
    trial.expect([id, data, version]).toEqual(['b', 'after', 2]);
  });

  define(
    'R5 of two rotations exactly one succeeds, and the loser learns the winner',
    async (trial) => {
      const [one, other] = await trial.twoWriters();
      const session = await one.create('data');
      const { done, refused } = await settle([one.rotate(session.id), other.rotate(session.id)]);
      trial.expect([done.length, refused.length]).toEqual([1, 1]);
      const { code, successor, id } = refused[0]!;
      trial.expect([code, successor, id]).toEqual(['VERSION_CONFLICT', done[0]!.id, session.id]);
      await trial.catchUp();
      trial.expect(await other.listIds()).toEqual([done[0]!.id]);
    },
  );

  define('R5 of ten rotations exactly one succeeds', async (trial) => {
    const stores = await trial.twoWriters();
    const session = await stores[0].create('data');
    const { done, refused } = await settle(times(10, (i) => stores[i % 2]!.rotate(session.id)));
    trial.expect(done.length).toBe(1);
    const told = refused.map(({ successor }) => successor);
    trial.expect(told).toEqual(times(9, () => done[0]!.id));
    await trial.catchUp();
    trial.expect(await stores[0].listIds()).toEqual([done[0]!.id]);
  });

  define('R5 a rotation that comes late learns the successor too', async (trial) => {
    const [one, other] = await trial.twoStores();
    await one.create('data', { id: 'a' });
    await one.rotate('a', { id: 'b' });
    const { code, successor, actual } = await refusalOf(other.rotate('a', { id: 'c' }));
    trial.expect([code, successor, actual]).toEqual(['VERSION_CONFLICT', 'b', 1]);
    trial.expect(await other.load('c')).toBe(undefined);
  });

  define('R5 rotations and updates at once: what was updated moves along', async (trial) => {
    const [one, other] = await trial.twoWriters<{ count: number }>();
    await one.create({ count: 0 }, { id: 'a' });
    const updates = times(10, () =>
      other.update('a', (counter) => {
        counter.count++;
      }),
    );
    const [rotated, { done, refused }] = await Promise.all([
      one.rotate('a', { id: 'b' }),
      settle(updates),
    ]);
    const codes = refused.map(({ code }) => code);
    trial.expect(codes).toEqual(codes.map(() => 'SESSION_ENDED'));
    trial.expect([rotated.data.count, rotated.version]).toEqual([done.length, done.length + 2]);
  });

  define('R5 a rotation and a delete at once leave nothing half', async (trial) => {
    const [one, other] = await trial.twoWriters();
    for (const id of times(6, (i) => `session ${i}`)) {
      await one.create('data', { id });
      const [rotated, deleted] = await Promise.all([
        codeOf(one.rotate(id, { id: `${id} moved` })),
        other.delete(id),
      ]);
      trial.expect(rotated).toBe(deleted ? 'SESSION_ENDED' : 'done');
      await trial.catchUp();
      trial.expect(await other.load(id)).toBe(undefined);
      trial.expect((await other.load(`${id} moved`)) === undefined).toBe(deleted);
    }
  });

  define('R5 the absolute timeout is not extended, the idle one starts anew', async (trial) => {
    const store = await trial.store({ ttl: { idle: 600, absolute: 1000 } });
    const { createdAt } = await store.create('data', { id: 'a' });
    await trial.clock.advance(300);
    const second = await store.rotate('a', { id: 'b' });
    trial.expect([second.createdAt, second.expiresAt]).toEqual([createdAt, createdAt + 900]);
    await trial.clock.advance(300);
    const third = await store.rotate('b', { id: 'c' });
    trial.expect([third.createdAt, third.expiresAt]).toEqual([createdAt, createdAt + 1000]);
    await trial.clock.advance(400);
    trial.expect(await store.load('c')).toBe(undefined);
    trial.expect(await codeOf(store.rotate('c'))).toBe('SESSION_ENDED');
  });

  define(
    'R5 a successor whose id is taken, or was, is a collision, and nothing moves',
    async (trial) => {
      const store = await trial.store();
      await store.create('data', { id: 'a' });
      await store.create('other', { id: 'taken' });
      await store.create('gone', { id: 'ended' });
      await store.delete('ended');
      for (const id of ['taken', 'ended', 'a']) {
        trial.expect([id, await codeOf(store.rotate('a', { id }))]).toEqual([id, 'ID_COLLISION']);
      }
      trial.expect((await store.load('a'))?.version).toBe(1);
      trial.expect((await store.load('taken'))?.data).toBe('other');
    },
  );

  define('R5 what never was cannot be rotated, nor what has ended', async (trial) => {
    const store = await trial.store();
    await store.create('data', { id: 'ended' });
    await store.delete('ended');
    trial.expect(await codeOf(store.rotate('never'))).toBe('SESSION_NOT_FOUND');
    trial.expect(await codeOf(store.rotate('ended'))).toBe('SESSION_ENDED');
    trial.expect(await store.listIds()).toEqual([]);
  });

  define('R5 a view in another tab follows, through any number of rotations', async (trial) => {
    const [one, other] = await trial.twoStores();
    const mine = (await one.create('data', { id: 'id 0' })) && (await one.open('id 0'))!;
    await trial.catchUp();
    const theirs = (await other.open('id 0'))!;
    for (const step of [1, 2, 3]) await mine.rotate({ id: `id ${step}`, data: `data ${step}` });
    // Of a backend that only its own tab sees nobody is told; waking up is when such a tab looks.
    if (trial.isAlone) trial.tabs.resync();
    await trial.until('the other view follows', () => theirs.id === 'id 3');
    trial.expect([theirs.data, theirs.version, theirs.status]).toEqual(['data 3', 4, 'active']);
    await theirs.update(() => 'from there');
    await trial.catchUp();
    trial.expect((await one.load('id 3'))?.data).toBe('from there');
  });

  define('R5 a view that has not heard writes to the successor all the same', async (trial) => {
    const [one, other] = await trial.twoStores<string>();
    await one.create('data', { id: 'a' });
    await trial.catchUp();
    const view = (await other.open('a'))!;
    trial.tabs.hold();
    await one.rotate('a', { id: 'b' });
    await trial.catchUp();
    await view.update((data) => `${data} and more`);
    trial.expect([view.id, view.data, view.version]).toEqual(['b', 'data and more', 3]);
    await one.rotate('b', { id: 'c' });
    await trial.catchUp();
    trial.expect(await view.end()).toBe(true);
    await trial.catchUp();
    trial.expect([view.id, view.status, await one.load('c')]).toEqual(['c', 'ended', undefined]);
  });

  define(
    'R5 views that rotate at once: the loser is told, and follows the winner',
    async (trial) => {
      const [one, other] = await trial.twoStores();
      await one.create('data', { id: 'a' });
      await trial.idle();
      const views = [(await one.open('a'))!, (await other.open('a'))!];
      trial.tabs.hold();
      await views[0]!.rotate();
      await trial.catchUp();
      const { code, successor } = await refusalOf(views[1]!.rotate());
      trial.expect([code, successor]).toEqual(['VERSION_CONFLICT', views[0]!.id]);
      trial.expect([views[1]!.id, views[1]!.version]).toEqual([views[0]!.id, 2]);
    },
  );
}
