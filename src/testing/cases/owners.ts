/** Sessions by owner. */

import { faultyBackend } from '../faulty-backend.js';
import { times } from '../records.js';
import type { Define } from '../trial.js';

export function owners(define: Define): void {
  define(
    'R7 listByOwner: the living sessions of exactly that owner, in id order',
    async (trial) => {
      const [one, other] = await trial.twoStores<string>();
      for (const id of ['c', 'B', 'a', '\u{1f600}']) await one.create(id, { id, owner: 'ann' });
      await one.create('other', { owner: 'Ann' });
      await one.create('other', { owner: 'ann ' });
      await one.create('nobody');
      await one.create('moved', { id: 'moved', owner: 'bob' });
      await one.update('moved', (data) => data, { owner: 'ann' });
      await one.create('left', { id: 'left', owner: 'ann' });
      await one.save('left', 'left', { owner: null });
      await one.create('ended', { id: 'ended', owner: 'ann' });
      await one.delete('ended');
      await one.create('expired', { id: 'expired', owner: 'ann', ttl: { idle: 10 } });
      await trial.clock.advance(10);
      await trial.catchUp();
      const ids = ['B', 'a', 'c', 'moved', '\u{1f600}'];
      trial.expect((await other.listByOwner('ann')).map(({ id }) => id)).toEqual(ids);
      trial.expect(await other.listIds({ owner: 'ann' })).toEqual(ids);
      trial.expect(await other.listByOwner('bob')).toEqual([]);
      const [first] = await other.listByOwner('ann', { limit: 1 });
      trial.expect(first).toEqual(await one.load('B'));
    },
  );

  define('R7 listByOwner pages over hundreds, whatever has expired among them', async (trial) => {
    const store = await trial.store<number>();
    await Promise.all(
      times(240, (i) =>
        store.create(i, {
          id: `id ${String(i).padStart(3, '0')}`,
          owner: 'ann',
          ttl: { idle: i % 4 === 0 || i < 120 ? 10 : null },
        }),
      ),
    );
    await trial.clock.advance(10);
    const all = (await store.listByOwner('ann')).map(({ data }) => data);
    trial.expect(all).toEqual(times(120, (i) => i + 120).filter((i) => i % 4 !== 0));
    trial
      .expect((await store.listByOwner('ann', { limit: 5 })).map(({ data }) => data))
      .toEqual(all.slice(0, 5));
    const rest = await store.listByOwner('ann', { after: 'id 125', limit: 100 });
    trial.expect(rest.map(({ data }) => data)).toEqual(all.filter((i) => i > 125));
  });

  define('R10 endAll: a session that is begun meanwhile does not escape', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    const elsewhere = await trial.store();
    await store.create('data', { owner: 'ann' });
    await store.create('data', { id: 'kept', owner: 'ann' });
    backend.once('scan', 'after', () => elsewhere.create('data', { owner: 'ann' }));
    trial.expect(await store.endAll('ann', { except: 'kept' })).toBe(2);
    trial.expect(await store.listIds()).toEqual(['kept']);
  });

  define(
    'R10 endAll: a session that changes hands meanwhile is left to its new owner',
    async (trial) => {
      const backend = faultyBackend(trial.backend());
      const store = await trial.store({ backend });
      const elsewhere = await trial.store();
      await store.create('data', { id: 'a', owner: 'ann' });
      backend.once('scan', 'after', () => elsewhere.save('a', 'sold', { owner: 'bob' }));
      trial.expect(await store.endAll('ann')).toBe(0);
      trial.expect((await store.load('a'))?.data).toBe('sold');
    },
  );

  define('R5 a rotation keeps the owner, and the owner finds the successor', async (trial) => {
    const [one, other] = await trial.twoStores();
    await one.create('data', { id: 'a', owner: 'ann' });
    const moved = await one.rotate('a');
    await trial.catchUp();
    trial.expect(await other.listByOwner('ann')).toEqual([moved]);
    trial.expect(await other.endAll('ann')).toBe(1);
  });
}
