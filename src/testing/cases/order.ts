/** R9: one order of commits, and what a resolved promise means. */

import type { SessionStore } from '../../session.js';
import { codeOf } from '../outcome.js';
import { times } from '../records.js';
import type { Define } from '../trial.js';

interface Log {
  entries: string[];
}

interface Seen {
  readonly version: number;
  readonly entries: readonly string[];
}

export function order(define: Define): void {
  define('R9 what a save resolved is seen by every tab at once', async (trial) => {
    const [one, other] = await trial.twoStores();
    for (const step of times(5, (i) => i)) {
      const saved = await one.save('a', step);
      trial.expect(await one.load('a')).toEqual(saved);
      await trial.catchUp();
      trial.expect(await other.load('a')).toEqual(saved);
    }
    await one.delete('a');
    trial.expect(await one.load('a')).toBe(undefined);
    await trial.catchUp();
    trial.expect(await other.load('a')).toBe(undefined);
  });

  define('R9 every reader sees the commits in one order', async (trial) => {
    const [one, other] = await trial.twoWriters<Log>();
    await one.create({ entries: [] }, { id: 'log' });
    await trial.catchUp();
    const readers = [one, await trial.store<Log>(), await trial.store<Log>()];
    const histories = readers.map((): Seen[] => []);
    const look = async (): Promise<void> => {
      for (const [index, reader] of readers.entries()) {
        const { version, data } = (await reader.load('log'))!;
        histories[index]!.push({ version, entries: data.entries });
      }
    };
    const write = async (store: SessionStore<Log>, who: string): Promise<void> => {
      for (let i = 0; i < 12; i++) {
        await store.update('log', ({ entries }) => void entries.push(`${who} ${i}`));
      }
    };
    await trial.during(Promise.all([write(one, 'one'), write(other, 'other')]), look);

    const final = (await one.load('log'))!.data.entries;
    trial.expect(final.length).toBe(24);
    for (const who of ['one', 'other']) {
      const own = final.filter((entry) => entry.startsWith(`${who} `));
      trial.expect(own).toEqual(times(12, (i) => `${who} ${i}`));
    }
    for (const history of histories) {
      for (const [index, { version, entries }] of history.entries()) {
        // What was seen at a version is the beginning of what came of it, for every reader the same.
        trial.expect(entries).toEqual(final.slice(0, version - 1));
        trial.expect(version >= (history[index - 1]?.version ?? 0)).toBe(true);
      }
    }
  });

  define('R9 a store tells its own changes in the order it made them', async (trial) => {
    const store = await trial.store<number>();
    const told: (string | number)[] = [];
    store.subscribe(({ type, ...event }) =>
      told.push(type, 'version' in event ? event.version : ''),
    );
    await store.create(0, { id: 'a' });
    await Promise.all(times(5, () => store.update('a', (count) => count + 1)));
    await store.delete('a');
    trial
      .expect(told)
      .toEqual([...[1, 2, 3, 4, 5, 6].flatMap((version) => ['saved', version]), 'ended', 6]);
  });

  define(
    'R9 concurrent writes of one tab take effect in the order they were called',
    async (trial) => {
      const store = await trial.store<number>();
      const saved = await Promise.all(times(20, (i) => store.save('a', i)));
      trial.expect(saved.map(({ version }) => version)).toEqual(times(20, (i) => i + 1));
      trial.expect((await store.load('a'))?.data).toBe(19);
    },
  );

  define('R9 what was committed is there after every store was closed', async (trial) => {
    const backend = trial.backend();
    const before = await trial.store({ backend });
    const saved = await before.create({ cart: ['tea'] }, { owner: 'ann', ttl: { absolute: 5000 } });
    const view = await before.current({ create: () => 'the current one' });
    await before.create('gone', { id: 'gone' });
    await before.delete('gone');
    await before.close();

    const after = await trial.store({ backend: await trial.restarted(backend) });
    trial.expect(await after.load(saved.id)).toEqual(saved);
    trial.expect((await after.current({ create: () => 'another' })).id).toBe(view.id);
    trial.expect(await after.listByOwner('ann')).toEqual([saved]);
    trial.expect(await after.load('gone')).toBe(undefined);
  });

  define(
    'R9 a store that closes lets running work finish, and refuses what comes later',
    async (trial) => {
      const backend = trial.backend();
      const store = await trial.store<number>({ backend });
      await store.create(0, { id: 'a' });
      const running = Promise.all(times(10, () => store.update('a', (count) => count + 1)));
      const closing = store.close();
      trial.expect(store.status).toBe('closing');
      trial.expect(await codeOf(store.load('a'))).toBe('STORE_CLOSED');
      await closing;
      trial.expect((await running).length).toBe(10);
      trial.expect(store.status).toBe('closed');
      await store.close();
      await store[Symbol.asyncDispose]();
      const again = await trial.store<number>({ backend: await trial.restarted(backend) });
      trial.expect((await again.load('a'))?.data).toBe(10);
    },
  );
}
