/** `current()`: the one session that all tabs of a profile share. */

import { faultyBackend } from '../faulty-backend.js';
import { codeOf, settle } from '../outcome.js';
import { times } from '../records.js';
import type { Define } from '../trial.js';

export function currentSessions(define: Define): void {
  define('R2 current: all tabs that ask at once get one session', async (trial) => {
    const stores = trial.capabilities.atomic
      ? await Promise.all(times(4, () => trial.store<string>()))
      : [await trial.store<string>()];
    let made = 0;
    const views = await Promise.all(
      times(12, (i) => stores[i % stores.length]!.current({ create: () => `made ${++made}` })),
    );
    const [first] = views;
    trial.expect(new Set(views.map(({ id }) => id)).size).toBe(1);
    trial.expect(new Set(views.map(({ data }) => data)).size).toBe(1);
    trial.expect(made <= 12).toBe(true);
    await trial.catchUp();
    trial.expect(await stores[0]!.listIds()).toEqual([first!.id]);
  });

  define('R2 current: a session that is there is resumed, and nothing is made', async (trial) => {
    const [one, other] = await trial.twoStores();
    const first = await one.current({ create: async () => 'data' });
    await first.update(() => 'more');
    await trial.catchUp();
    let made = 0;
    const create = (): number => ++made;
    const again = [await one.current({ create }), await other.current({ create })];
    for (const view of again) {
      trial
        .expect([view.id, view.data, view.version, view.status])
        .toEqual([first.id, 'more', 2, 'active']);
    }
    trial.expect(made).toBe(0);
  });

  define('R2 current: slots are apart, and the first is called default', async (trial) => {
    const [one, other] = await trial.twoStores();
    const slots = [undefined, 'a', 'A', 'default 2'];
    const views = [];
    for (const slot of slots) views.push(await one.current({ slot, create: () => slot ?? 'none' }));
    trial.expect(new Set(views.map(({ id }) => id)).size).toBe(4);
    await trial.catchUp();
    const again = await other.current({ slot: 'default', create: () => 'another' });
    trial.expect([again.id, again.data]).toEqual([views[0]!.id, 'none']);
    trial.expect((await other.current({ slot: 'A', create: () => 'another' })).data).toBe('A');
    // A slot is no session.
    trial.expect((await other.listIds()).length).toBe(4);
  });

  define('R4 current: after an end a new session begins, with a new id', async (trial) => {
    const [one, other] = await trial.twoStores({ ttl: { absolute: 1000 } });
    const ids: string[] = [];
    const begin = async (): Promise<string> => {
      await trial.catchUp();
      const { id, data } = await other.current({ create: () => `session ${ids.length}` });
      trial.expect(data).toBe(`session ${ids.length}`);
      ids.push(id);
      return id;
    };
    await one.delete(await begin());
    await one.update(await begin(), (data) => data, { owner: 'ann' });
    await one.endAll('ann');
    await begin();
    await one.clear();
    await begin();
    await trial.clock.advance(1000);
    await begin();
    await trial.clock.advance(1000);
    await one.sweep();
    await begin();
    // Not even when the tombstone has been forgotten.
    await trial.clock.advance(2 * 86_400_000);
    await one.sweep();
    await one.sweep();
    await begin();
    trial.expect(new Set(ids).size).toBe(ids.length);
    trial.expect((await one.current({ create: () => 'another' })).id).toBe(ids.at(-1));
  });

  define('R5 current: a rotation takes the slot along, wherever it is made', async (trial) => {
    const [one, other] = await trial.twoStores();
    const view = await one.current({ create: () => 'data' });
    await view.rotate();
    await trial.catchUp();
    trial.expect((await other.current({ create: () => 'another' })).id).toBe(view.id);
    const moved = await other.rotate(view.id);
    await trial.catchUp();
    trial.expect((await one.current({ create: () => 'another' })).id).toBe(moved.id);
    trial.expect(await one.listIds()).toEqual([moved.id]);
    await one.delete(moved.id);
    trial.expect((await one.current({ create: () => 'anew' })).data).toBe('anew');
  });

  define('R5 current: rotations and questions at once give one session', async (trial) => {
    const [one, other] = await trial.twoWriters();
    const { id: first } = await one.current({ create: () => 'data' });
    await trial.catchUp();
    const [, ...asked] = await Promise.all([
      one.rotate(first, { id: 'moved' }),
      ...times(6, () => other.current({ create: () => 'another' })),
    ]);
    trial.expect(asked.every(({ id }) => id === first || id === 'moved')).toBe(true);
    await trial.catchUp();
    trial.expect(await one.listIds()).toEqual(['moved']);
    trial.tabs.resync();
    await trial.until('all have followed', () => asked.every(({ id }) => id === 'moved'));
  });

  define('R4 current: a new life of an ended id is not the slot it once had', async (trial) => {
    const store = await trial.store();
    const first = await store.current({ create: () => 'data' });
    await store.delete(first.id);
    await store.create('on purpose', { id: first.id, replaceEnded: true });
    const second = await store.current({ create: () => 'anew' });
    trial.expect(second.data).toBe('anew');
    await store.rotate(first.id, { id: 'moved' });
    trial.expect((await store.current({ create: () => 'another' })).id).toBe(second.id);
  });

  define(
    'R4 current: a slot whose id was given a new life and rotated still resumes',
    async (trial) => {
      const store = await trial.store();
      const first = await store.current({ create: () => 'data' });
      await store.delete(first.id);
      await store.create('on purpose', { id: first.id, replaceEnded: true });
      await store.rotate(first.id, { id: 'moved' });
      let view: string | undefined;
      void store.current({ create: () => 'anew' }).then(({ data }) => (view = String(data)));
      await trial.until('there is a current session', () => view !== undefined);
      trial.expect(view).toBe('anew');
    },
  );

  define('R9 current: is found again after a restart', async (trial) => {
    const backend = trial.backend();
    const before = await trial.store({ backend });
    const { id } = await before.current({ slot: 'cart', create: () => 'data' });
    await before.close();
    const after = await trial.store({ backend: await trial.restarted(backend) });
    const view = await after.current({ slot: 'cart', create: () => 'another' });
    trial.expect([view.id, view.data]).toEqual([id, 'data']);
  });

  define('R10 current: what create throws is the answer, and nothing is written', async (trial) => {
    const store = await trial.store();
    const failing = store.current({
      create: () => Promise.reject(new RangeError('no data')),
    });
    trial.expect(await codeOf(failing)).toBe('RangeError');
    trial.expect(await store.listIds()).toEqual([]);
    const raw = await trial.opened();
    trial.expect((await raw.scan({ by: 'id', limit: 10 })).records).toEqual([]);
  });

  define('R10 current: create runs once, however often another tab is faster', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    const elsewhere = await trial.store();
    for (let round = 0; round < 2; round++) {
      backend.once('transact', 'before', async () => {
        const view = await elsewhere.current({ create: () => 'theirs' });
        await view.end();
        await trial.catchUp();
      });
    }
    let made = 0;
    const view = await store.current({ create: () => `mine ${++made}` });
    trial.expect([view.data, made]).toEqual(['mine 1', 1]);
  });

  define('R4 current: ends and questions at once leave at most one session', async (trial) => {
    const [one, other] = await trial.twoWriters();
    const round = async (): Promise<void> => {
      const view = await one.current({ create: () => 'data' });
      await Promise.all([view.end(), other.current({ create: () => 'data' })]);
    };
    const { refused } = await settle(times(4, round));
    trial.expect(refused).toEqual([]);
    await trial.catchUp();
    trial.expect((await one.listIds()).length <= 1).toBe(true);
  });
}
