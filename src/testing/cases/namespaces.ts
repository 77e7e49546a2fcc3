/** R14: neighbours that share a place, and names that look alike. */

import { times } from '../records.js';
import { codeOf } from '../outcome.js';
import { namespace, type Define } from '../trial.js';

const neighbours = [
  namespace,
  `${namespace}:`,
  `${namespace}:2`,
  `${namespace}%3A2`,
  `${namespace} `,
  `${namespace}/2`,
  namespace.toUpperCase(),
  namespace.slice(0, -1),
  'a',
  '\u{1f600}',
];

export function namespaces(define: Define): void {
  define('R14 the same ids in neighbouring namespaces are different sessions', async (trial) => {
    // One after the other, since some backends can be open under one name at a time.
    for (const name of neighbours) {
      const store = await trial.store({ name });
      await store.create(name, { id: 'a', owner: 'ann' });
      await store.create('other', { id: `only in ${name}`, ttl: { idle: 1000 } });
      (await store.current({ create: () => `current of ${name}` })).close();
      await store.close();
    }
    for (const name of neighbours) {
      const store = await trial.store({ name });
      trial.expect((await store.load('a'))?.data).toBe(name);
      trial
        .expect((await store.current({ create: () => 'another' })).data)
        .toBe(`current of ${name}`);
      trial.expect((await store.listIds()).length).toBe(3);
      trial
        .expect((await store.listIds()).filter((id) => id.startsWith('only')))
        .toEqual([`only in ${name}`]);
      trial.expect((await store.listByOwner('ann')).map(({ data }) => data)).toEqual([name]);
      await store.close();
    }
  });

  for (const [what, run] of [
    ['clear', 'cleared'],
    ['sweep', 'swept'],
    ['endAll', 'ended'],
  ] as const) {
    define(`R14 ${what} stays within its namespace`, async (trial) => {
      for (const name of neighbours) {
        const store = await trial.store({ name });
        for (const i of times(3, (index) => index))
          await store.create(i, { id: `id ${i}`, owner: 'ann', ttl: { idle: 1000 } });
        await store.close();
      }
      const middle = neighbours[2]!;
      const store = await trial.store({ name: middle });
      if (run === 'cleared') await store.clear();
      if (run === 'ended') await store.endAll('ann');
      if (run === 'swept') {
        await trial.clock.advance(1000);
        trial.expect(await store.sweep()).toBe(3);
        trial.clock.set(trial.clock.now() - 1000);
      }
      await store.close();
      await trial.catchUp();
      for (const name of neighbours) {
        const after = await trial.store({ name });
        trial
          .expect([name, (await after.listIds()).length])
          .toEqual([name, name === middle ? 0 : 3]);
        await after.close();
      }
    });
  }

  define('R14 clear ends every session, and what it ended stays ended', async (trial) => {
    const [one, other] = await trial.twoStores();
    await one.create('data', { id: 'a', owner: 'ann' });
    await one.create('data', { id: 'b', ttl: { idle: 5000 } });
    const before = await one.current({ create: () => 'data' });
    const told: string[] = [];
    one.subscribe((event) => told.push(`${event.type} ${'id' in event ? event.id : ''}`));
    await one.clear();
    trial.expect([...told].sort()).toEqual([`ended ${before.id}`, 'ended a', 'ended b'].sort());
    trial.expect(before.status).toBe('ended');
    await trial.catchUp();
    for (const store of [one, other]) {
      trial.expect(await store.listIds()).toEqual([]);
      trial.expect(await codeOf(store.save('a', 'late'))).toBe('SESSION_ENDED');
    }
    const after = await other.current({ create: () => 'anew' });
    trial.expect([after.id === before.id, after.data]).toEqual([false, 'anew']);
    await one.clear();
  });

  define('R14 listIds is in code unit order, and pages', async (trial) => {
    const [one, other] = await trial.twoStores();
    const ids = ['z', 'B', 'a', '\u{1f600}', '\ufffd', 'b c', 'b'];
    await Promise.all(ids.map((id, i) => one.create(i, { id, owner: i % 2 === 0 ? 'ann' : null })));
    await trial.catchUp();
    const sorted = [...ids].sort();
    trial.expect(await other.listIds()).toEqual(sorted);
    const pages: string[][] = [];
    for (let after: string | undefined; pages.at(-1)?.length !== 0; after = pages.at(-1)!.at(-1)) {
      pages.push(await other.listIds({ after, limit: 3 }));
    }
    trial.expect(pages.map((page) => page.length)).toEqual([3, 3, 1, 0]);
    trial.expect(pages.flat()).toEqual(sorted);
    trial.expect(await other.listIds({ owner: 'ann' })).toEqual(['a', 'b', 'z', '\ufffd']);
  });

  define('R14 stores of several names are open at once', async (trial) => {
    const stores = await Promise.all(
      neighbours.slice(0, 4).map((name) => trial.store({ name, backend: trial.place.backend() })),
    );
    const told: string[] = [];
    stores[1]!.subscribe(({ type }) => told.push(type));
    await Promise.all(stores.map((store, i) => store.create(i, { id: 'a' })));
    await stores[0]!.clear();
    await trial.idle();
    const left = await Promise.all(stores.map(async (store) => (await store.load('a'))?.data));
    trial.expect(left).toEqual([undefined, 1, 2, 3]);
    trial.expect(told).toEqual(['saved']);
  });
}
