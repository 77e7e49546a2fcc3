/** R1 and R2: versions, and writers that check them. */

import type { Session } from '../../session.js';
import { isSessionError } from '../../errors.js';
import { codeOf, refusalOf, settle } from '../outcome.js';
import { times } from '../records.js';
import type { Define } from '../trial.js';

interface Counter {
  count: number;
}

const bump = (counter: Counter): void => {
  counter.count++;
};

export function versions(define: Define): void {
  define('R1 each write adds exactly one, and a touch none', async (trial) => {
    const store = await trial.store<Counter>({ ttl: { idle: 1000 } });
    const seen = [await store.create({ count: 0 }, { id: 'a' })];
    seen.push(await store.save('a', { count: 1 }));
    seen.push(await store.saveIfVersion('a', { count: 2 }, 2));
    seen.push(await store.update('a', bump));
    await trial.clock.advance(500);
    seen.push((await store.touch('a'))!);
    seen.push(await store.rotate('a', { id: 'b' }));
    trial.expect(seen.map(({ version }) => version)).toEqual([1, 2, 3, 4, 4, 5]);
    trial.expect((await store.load('b'))?.data).toEqual({ count: 3 });
  });

  define(
    'R1 a session that was never created starts at 1, however it is first written',
    async (trial) => {
      const store = await trial.store<Counter>();
      const first = [
        await store.create({ count: 0 }),
        await store.save('saved', { count: 0 }),
        await store.saveIfVersion('checked', { count: 0 }, 0),
      ];
      trial.expect(first.map(({ version }) => version)).toEqual([1, 1, 1]);
    },
  );

  define('R1 a refused write adds nothing', async (trial) => {
    const store = await trial.store<Counter>();
    await store.create({ count: 0 }, { id: 'a' });
    await codeOf(store.saveIfVersion('a', { count: 9 }, 7));
    await codeOf(store.create({ count: 9 }, { id: 'a' }));
    await codeOf(
      store.update('a', () => {
        throw new RangeError('no');
      }),
    );
    trial
      .expect(await store.load('a').then((session) => [session?.version, session?.data]))
      .toEqual([1, { count: 0 }]);
  });

  define('R1 versions go on over every end of a session', async (trial) => {
    const store = await trial.store<Counter>();
    const again = async (): Promise<number> => {
      const options = { id: 'a', replaceEnded: true, ttl: { absolute: 1000 } };
      return (await store.create({ count: 0 }, options)).version;
    };
    await again();
    await store.update('a', bump);
    await store.delete('a');
    trial.expect(await again()).toBe(3);
    await trial.clock.advance(1000);
    trial.expect(await again()).toBe(4);
    await trial.clock.advance(1000);
    await store.sweep();
    trial.expect(await again()).toBe(5);
    await store.rotate('a');
    trial.expect(await again()).toBe(6);
    await store.clear();
    trial.expect(await again()).toBe(7);
  });

  define('R1 versions go on over a restart', async (trial) => {
    const backend = trial.backend();
    const before = await trial.store<Counter>({ backend });
    await before.create({ count: 0 }, { id: 'a' });
    await before.update('a', bump);
    await before.create({ count: 0 }, { id: 'b' });
    await before.delete('b');
    await before.close();
    const after = await trial.store<Counter>({ backend: await trial.restarted(backend) });
    trial.expect((await after.save('a', { count: 5 })).version).toBe(3);
    trial.expect(await codeOf(after.saveIfVersion('b', { count: 5 }, 0))).toBe('SESSION_ENDED');
    const again = await after.create({ count: 5 }, { id: 'b', replaceEnded: true });
    trial.expect(again.version).toBe(2);
  });

  define('R1 of many saves at once each gets a version of its own', async (trial) => {
    const stores = await trial.twoWriters<Counter>();
    await stores[0].create({ count: 0 }, { id: 'a' });
    const saved = await Promise.all(times(24, (i) => stores[i % 2]!.save('a', { count: i })));
    const sorted = saved.map(({ version }) => version).sort((one, other) => one - other);
    trial.expect(sorted).toEqual(times(24, (i) => i + 2));
    await trial.catchUp();
    const last = saved.find(({ version }) => version === 25)!;
    trial.expect((await stores[0].load('a'))?.data).toEqual(last.data);
  });

  define('R2 concurrent updates of two tabs lose nothing', async (trial) => {
    const stores = await trial.twoWriters<Counter>();
    await stores[0].create({ count: 0 }, { id: 'a' });
    const updated = await Promise.all(times(50, (i) => stores[i % 2]!.update('a', bump)));
    trial.expect(new Set(updated.map(({ version }) => version)).size).toBe(50);
    trial.expect(updated.every(({ data, version }) => data.count === version - 1)).toBe(true);
    for (const store of stores) {
      await trial.catchUp();
      const { data, version } = (await store.load('a'))!;
      trial.expect([data.count, version]).toEqual([50, 51]);
    }
  });

  define('R2 updates of many sessions at once do not mix', async (trial) => {
    const stores = await trial.twoWriters<Counter>();
    const ids = ['a', 'b', 'c'];
    for (const id of ids) await stores[0].create({ count: 0 }, { id });
    await Promise.all(times(30, (i) => stores[i % 2]!.update(ids[i % 3]!, bump)));
    await trial.catchUp();
    const counts = await Promise.all(ids.map(async (id) => (await stores[1].load(id))?.data.count));
    trial.expect(counts).toEqual([10, 10, 10]);
  });

  define(
    'R2 of N writers of one version exactly one wins, and each loser learns the winner',
    async (trial) => {
      const stores = await trial.twoWriters<Counter>();
      await stores[0].create({ count: 0 }, { id: 'a' });
      await stores[0].update('a', bump);
      const { done, refused } = await settle(
        times(12, (i) => stores[i % 2]!.saveIfVersion('a', { count: 100 + i }, 2)),
      );
      trial.expect([done.length, refused.length]).toEqual([1, 11]);
      for (const error of refused) {
        trial
          .expect([error.code, error.expected, error.actual, error.id])
          .toEqual(['VERSION_CONFLICT', 2, 3, 'a']);
        trial.expect(error.current).toEqual(done[0]);
      }
      await trial.catchUp();
      trial.expect(await stores[1].load('a')).toEqual(done[0]);
    },
  );

  define('R2 of N writers that expect nothing exactly one creates', async (trial) => {
    const stores = await trial.twoWriters<Counter>();
    const { done, refused } = await settle(
      times(8, (i) => stores[i % 2]!.saveIfVersion('new', { count: i }, 0)),
    );
    trial.expect([done.length, done[0]?.version]).toEqual([1, 1]);
    const versionsTold = refused.map(({ expected, actual }) => [expected, actual]);
    trial.expect(versionsTold).toEqual(times(7, () => [0, 1]));
  });

  define(
    'R2 a version expected of a session that never was is a conflict with 0',
    async (trial) => {
      const store = await trial.store<Counter>();
      const { code, expected, actual, current } = await refusalOf(
        store.saveIfVersion('a', { count: 1 }, 3),
      );
      trial
        .expect([code, expected, actual, current])
        .toEqual(['VERSION_CONFLICT', 3, 0, undefined]);
      trial.expect(await store.load('a')).toBe(undefined);
    },
  );

  define(
    'R2 load, then checked save: of two that loaded the same the second is refused',
    async (trial) => {
      const [one, other] = await trial.twoWriters<Counter>();
      await one.create({ count: 0 }, { id: 'a' });
      await trial.catchUp();
      const [first, second] = [(await one.load('a'))!, (await other.load('a'))!];
      await one.saveIfVersion('a', { count: first.data.count + 1 }, first.version);
      const late = other.saveIfVersion('a', { count: second.data.count + 1 }, second.version);
      const { code, current } = await refusalOf(late);
      trial
        .expect([code, (current as Session<Counter>).data])
        .toEqual(['VERSION_CONFLICT', { count: 1 }]);
    },
  );

  define('R2 writers that retry after a conflict lose nothing', async (trial) => {
    const stores = await trial.twoWriters<Counter>();
    await stores[0].create({ count: 0 }, { id: 'a' });
    const add = async (i: number): Promise<void> => {
      const store = stores[i % 2]!;
      let known = { version: 1, data: { count: 0 } };
      for (;;) {
        try {
          await store.saveIfVersion('a', { count: known.data.count + 1 }, known.version);
          return;
        } catch (error) {
          if (!isSessionError(error, 'VERSION_CONFLICT')) throw error;
          known = error.current as Session<Counter>;
        }
      }
    };
    await Promise.all(times(8, add));
    await trial.catchUp();
    trial.expect((await stores[0].load('a'))?.data.count).toBe(8);
  });

  define('R2 rotate and delete check the version that they are given', async (trial) => {
    const store = await trial.store<Counter>();
    await store.create({ count: 0 }, { id: 'a' });
    const refusals = [
      await refusalOf(store.rotate('a', { expectedVersion: 2 })),
      await refusalOf(store.delete('a', { ifVersion: 2 })),
    ];
    for (const { code, expected, actual } of refusals) {
      trial.expect([code, expected, actual]).toEqual(['VERSION_CONFLICT', 2, 1]);
    }
    const moved = await store.rotate('a', { expectedVersion: 1 });
    trial.expect(await store.delete(moved.id, { ifVersion: 2 })).toBe(true);
  });

  define(
    'R2 update: the function gets a copy, and may change it or return other data',
    async (trial) => {
      const store = await trial.store<Counter>();
      await store.create({ count: 1 }, { id: 'a' });
      let kept: Counter | undefined;
      await store.update('a', (counter) => {
        kept = counter;
        counter.count = 2;
      });
      kept!.count = 99;
      const replaced = await store.update('a', ({ count }) => ({ count: count * 10 }));
      replaced.data.count = -1;
      trial.expect((await store.load('a'))?.data).toEqual({ count: 20 });
    },
  );

  define('R2 update: a function that throws or waits changes nothing', async (trial) => {
    const store = await trial.store<Counter>();
    await store.create({ count: 1 }, { id: 'a' });
    const throwing = store.update('a', (counter) => {
      counter.count = 2;
      throw new RangeError('mine');
    });
    const waiting = store.update('a', (async (counter: Counter) => {
      counter.count = 3;
    }) as never);
    trial
      .expect([await codeOf(throwing), await codeOf(waiting)])
      .toEqual(['RangeError', 'TypeError']);
    trial.expect(await store.load('a').then((session) => session?.version)).toBe(1);
  });

  define('R2 update of what never was is SESSION_NOT_FOUND', async (trial) => {
    const store = await trial.store<Counter>();
    const { code, id } = await refusalOf(store.update('a', bump));
    trial.expect([code, id]).toEqual(['SESSION_NOT_FOUND', 'a']);
    trial.expect(await store.load('a')).toBe(undefined);
  });
}
