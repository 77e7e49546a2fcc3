/** R3: creating, and the ids that are drawn for it. */

import { codeOf, refusalOf, settle } from '../outcome.js';
import { times } from '../records.js';
import type { Define } from '../trial.js';

/** Draws from a list, and the last one for ever. */
function drawing(...ids: string[]): { readonly draw: () => string; readonly drawn: () => number } {
  let count = 0;
  return { draw: () => ids[Math.min(count++, ids.length - 1)]!, drawn: () => count };
}

export function creation(define: Define): void {
  define('R3 what was created can be loaded, here and in other tabs', async (trial) => {
    const [one, other] = await trial.twoStores({ ttl: { idle: 1000 } });
    const data = { user: 'ann', items: ['tea'] };
    const created = await one.create(data, { owner: 'ann' });
    const now = trial.clock.now();
    trial.expect(created).toEqual({
      id: created.id,
      data,
      version: 1,
      owner: 'ann',
      createdAt: now,
      updatedAt: now,
      expiresAt: now + 1000,
    });
    await trial.catchUp();
    trial.expect(await one.load(created.id)).toEqual(created);
    trial.expect(await other.load(created.id)).toEqual(created);
    trial.expect(await other.load('another id')).toBe(undefined);
  });

  define('R3 create never overwrites', async (trial) => {
    const [one, other] = await trial.twoStores();
    await one.create('first', { id: 'a', owner: 'ann' });
    for (const store of [one, other]) {
      const { code, id } = await refusalOf(store.create('second', { id: 'a' }));
      trial.expect([code, id]).toEqual(['ID_COLLISION', 'a']);
      const onPurpose = store.create('third', { id: 'a', replaceEnded: true });
      trial.expect(await codeOf(onPurpose)).toBe('ID_COLLISION');
    }
    const { data, version, owner } = (await one.load('a'))!;
    trial.expect([data, version, owner]).toEqual(['first', 1, 'ann']);
  });

  define('R3 of many that create one id at once exactly one succeeds', async (trial) => {
    const stores = await trial.twoWriters();
    const { done, refused } = await settle(times(10, (i) => stores[i % 2]!.create(i, { id: 'a' })));
    trial.expect([done.length, refused.length]).toEqual([1, 9]);
    await trial.catchUp();
    trial.expect(await stores[1].load('a')).toEqual(done[0]);
  });

  define('R3 a drawn id that is taken is drawn again', async (trial) => {
    const [one, other] = await trial.twoStores();
    await one.create('first', { id: 'taken' });
    const { draw, drawn } = drawing('taken', 'taken', 'free');
    const store = await trial.store({ generateId: draw });
    trial.expect((await store.create('second')).id).toBe('free');
    trial.expect(drawn()).toBe(3);
    await trial.catchUp();
    trial.expect((await other.load('taken'))?.data).toBe('first');
  });

  define('R3 a drawn id that has ended is as taken as one that lives', async (trial) => {
    const before = await trial.store();
    await before.create('first', { id: 'ended' });
    await before.delete('ended');
    await before.create('second', { id: 'expired', ttl: { absolute: 10 } });
    await trial.clock.advance(10);
    const store = await trial.store({ generateId: drawing('ended', 'expired', 'free').draw });
    trial
      .expect(await store.create('third').then(({ id, version }) => [id, version]))
      .toEqual(['free', 1]);
  });

  define('R3 after 5 further draws it is a collision', async (trial) => {
    const { draw, drawn } = drawing('taken');
    const store = await trial.store({ generateId: draw });
    await store.create('first', { id: 'taken' });
    const { code, id } = await refusalOf(store.create('second'));
    trial.expect([code, id, drawn()]).toEqual(['ID_COLLISION', 'taken', 6]);
    trial.expect((await store.load('taken'))?.data).toBe('first');
  });

  define('R3 maxIdCollisionRetries 0: one draw and no second', async (trial) => {
    const { draw, drawn } = drawing('free', 'taken', 'never');
    const store = await trial.store({ generateId: draw, maxIdCollisionRetries: 0 });
    trial.expect((await store.create('first')).id).toBe('free');
    await store.create('second', { id: 'taken' });
    trial.expect([await codeOf(store.create('third')), drawn()]).toEqual(['ID_COLLISION', 2]);
  });

  define('R3 maxIdCollisionRetries Infinity: draws until one is free', async (trial) => {
    const { draw, drawn } = drawing(...times(40, () => 'taken'), 'free');
    const store = await trial.store({ generateId: draw, maxIdCollisionRetries: Infinity });
    await store.create('first', { id: 'taken' });
    trial.expect([(await store.create('second')).id, drawn()]).toEqual(['free', 41]);
  });

  define('R3 rotate and current draw again as well', async (trial) => {
    const { draw } = drawing('taken', 'taken', 'moved', 'taken', 'begun');
    const store = await trial.store({ generateId: draw });
    await store.create('first', { id: 'taken' });
    await store.create('second', { id: 'old' });
    trial.expect((await store.rotate('old')).id).toBe('moved');
    trial.expect((await store.current({ create: () => 'third' })).id).toBe('begun');
    trial.expect((await store.load('taken'))?.data).toBe('first');
  });

  define('R3 a draw that is no id is refused, and nothing is written', async (trial) => {
    const store = await trial.store({ generateId: () => '' });
    trial.expect(await codeOf(store.create('data'))).toBe('INVALID_ID');
    trial.expect(await store.listIds()).toEqual([]);
  });

  define('R3 ids are drawn by themselves: 256 bits, no two alike', async (trial) => {
    const stores = await trial.twoStores();
    const sessions = await Promise.all(times(60, (i) => stores[i % 2]!.create(i)));
    const ids = sessions.map(({ id }) => id);
    trial.expect(new Set(ids).size).toBe(60);
    trial.expect(ids.every((id) => /^[\w-]{43}$/.test(id))).toBe(true);
    await trial.catchUp();
    trial.expect(await stores[1].listIds()).toEqual([...ids].sort());
  });

  define('R3 errors name the session in a field and not in their text', async (trial) => {
    const store = await trial.store();
    await store.create('data', { id: 'sekrit-id' });
    const refusals = [
      await refusalOf(store.create('data', { id: 'sekrit-id' })),
      await refusalOf(store.saveIfVersion('sekrit-id', 'data', 9)),
      await refusalOf(store.update('sekrit-id-2', () => 'data')),
    ];
    trial.expect(refusals.map(({ id }) => id)).toEqual(['sekrit-id', 'sekrit-id', 'sekrit-id-2']);
    trial.expect(refusals.some(({ message }) => message.includes('sekrit'))).toBe(false);
  });

  define('R3 what callers hold is theirs: changing it changes nothing stored', async (trial) => {
    const store = await trial.store<{ items: string[] }>();
    const given = { items: ['tea'] };
    const created = await store.create(given, { id: 'a' });
    given.items.push('given');
    created.data.items.push('created');
    const loaded = (await store.load('a'))!;
    loaded.data.items.push('loaded');
    const listed = await store.save('a', { items: ['tea', 'milk'] }, { owner: 'ann' });
    listed.data.items.push('saved');
    (await store.listByOwner('ann'))[0]!.data.items.push('listed');
    trial.expect((await store.load('a'))?.data).toEqual({ items: ['tea', 'milk'] });
  });
}
