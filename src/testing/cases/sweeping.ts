/** R7: sweeps. */

import { fakeClock } from '../fake-clock.js';
import { faultyBackend } from '../faulty-backend.js';
import { codeOf, refusalOf } from '../outcome.js';
import { times } from '../records.js';
import type { SweeperContext } from '../../ports.js';
import { namespace, type Define, type Trial } from '../trial.js';

/** What one sweep handles of `expired` sessions among so many that live on. */
async function costOfSweep(trial: Trial, expired: number, living: number): Promise<number> {
  await trial.moveOn();
  const backend = faultyBackend(trial.backend());
  const store = await trial.store({ backend });
  await Promise.all([
    ...times(living, (i) => store.create('data', { ttl: { idle: i % 2 === 0 ? null : 5000 } })),
    ...times(expired, () => store.create('data', { ttl: { idle: 1000 } })),
  ]);
  await trial.clock.advance(1000);
  const before = backend.handled;
  trial.expect(await store.sweep()).toBe(expired);
  return backend.handled - before;
}

export function sweeping(define: Define): void {
  define('R7 a sweep ends what has expired, and says how many', async (trial) => {
    const [one, other] = await trial.twoStores();
    for (const [id, idle] of [
      ['now', 1000],
      ['later', 1001],
      ['early', 10],
    ] as const) {
      await one.create('data', { id, ttl: { idle } });
    }
    await one.create('data', { id: 'never' });
    await trial.clock.advance(1000);
    const told: (readonly string[])[] = [];
    one.subscribe((event) => told.push('id' in event ? [event.type, event.id] : [event.type]));
    trial.expect(await one.sweep()).toBe(2);
    trial.expect(told).toEqual([
      ['expired', 'early'],
      ['expired', 'now'],
    ]);
    await trial.catchUp();
    trial.expect(await other.listIds()).toEqual(['later', 'never']);
    trial.expect([await one.sweep(), await other.sweep()]).toEqual([0, 0]);
  });

  define('R7 a sweep costs what has expired, and not what is stored', async (trial) => {
    const few = await costOfSweep(trial, 3, 10);
    const many = await costOfSweep(trial, 3, 150);
    trial.expect(many).toBe(few);
    trial.expect(few <= 3 * 4).toBe(true);
  });

  define('R7 a sweep with nothing to do handles no session', async (trial) => {
    trial.expect(await costOfSweep(trial, 0, 40)).toBe(0);
  });

  define('R7 a touch that comes between the scan and the transaction wins', async (trial) => {
    const user = await trial.store({ ttl: { idle: 1000 } });
    await user.create('data', { id: 'a' });
    await user.create('data', { id: 'b' });
    await trial.clock.advance(999);
    const backend = faultyBackend(trial.backend());
    // Its clock is a little ahead: what it finds expired the user's tab may still touch.
    const sweeper = await trial.store({ backend, clock: fakeClock(trial.clock.now() + 1) });
    backend.once('scan', 'after', () => user.touch('a'));
    trial.expect(await sweeper.sweep()).toBe(1);
    await trial.catchUp();
    trial.expect(await user.listIds()).toEqual(['a']);
    trial.expect((await sweeper.load('a'))?.version).toBe(1);
  });

  define(
    'R7 an end that comes between the scan and the forgetting is remembered',
    async (trial) => {
      const backend = faultyBackend(trial.backend());
      const sweeper = await trial.store({ backend, tombstoneTtl: 1000 });
      const user = await trial.store({ tombstoneTtl: 1000 });
      await user.create('data', { id: 'a' });
      await user.delete('a');
      await trial.clock.advance(1000);
      backend.once('scan', 'after', () => {}); // that of what has expired
      backend.once('scan', 'after', async () => {
        await user.create('again', { id: 'a', replaceEnded: true });
        await user.delete('a');
      });
      await sweeper.sweep();
      const { code, actual } = await refusalOf(user.save('a', 'late'));
      trial.expect([code, actual]).toEqual(['SESSION_ENDED', 2]);
    },
  );

  define('R7 one failing sweep does not stop the next', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    await store.create('data', { ttl: { idle: 1000 } });
    await trial.clock.advance(1000);
    for (const operation of ['scan', 'transact'] as const) {
      backend.once(operation, 'before', () => {
        throw new RangeError('on purpose');
      });
      trial.expect(await codeOf(store.sweep())).toBe('RangeError');
    }
    trial.expect(await store.sweep()).toBe(1);
  });

  define('R7 hundreds at once are swept in one go', async (trial) => {
    const store = await trial.store({ ttl: { idle: 1000 } });
    await Promise.all(times(230, (i) => store.create(i)));
    await store.create('data', { id: 'kept', ttl: { idle: 5000 } });
    await trial.clock.advance(1000);
    trial.expect(await store.sweep()).toBe(230);
    trial.expect(await store.listIds()).toEqual(['kept']);
    trial.expect(await store.sweep()).toBe(0);
  });

  define('R7 tabs that sweep at once end each session once', async (trial) => {
    const [one, other] = await trial.twoWriters({ ttl: { idle: 1000 } });
    await Promise.all(times(40, (i) => one.create(i)));
    await trial.catchUp();
    await trial.clock.advance(1000);
    const told: string[] = [];
    for (const store of new Set([one, other])) {
      store.subscribe((event) => {
        if (event.type === 'expired' && event.origin === 'here') told.push(event.id);
      });
    }
    const counts = await Promise.all([one.sweep(), other.sweep()]);
    // Within one tab there is one sweep, and both who asked hear of it.
    trial.expect(one === other ? counts[0] : counts[0] + counts[1]).toBe(40);
    trial.expect([told.length, new Set(told).size]).toEqual([40, 40]);
  });

  define('R7 a sweep leaves sessions that are written meanwhile', async (trial) => {
    const [one, other] = await trial.twoWriters<number>({ ttl: { idle: 1000 } });
    for (const i of times(5, (index) => index)) await one.create(0, { id: `id ${i}` });
    await Promise.all(times(30, (i) => one.create(i)));
    await trial.clock.advance(900);
    for (const i of times(5, (index) => index)) await one.touch(`id ${i}`);
    await trial.clock.advance(100);
    const [swept] = await Promise.all([
      one.sweep(),
      ...times(5, (i) => other.update(`id ${i}`, (count) => count + 1)),
    ]);
    trial.expect(swept).toBe(30);
    await trial.catchUp();
    const counts = await Promise.all(times(5, async (i) => (await other.load(`id ${i}`))?.data));
    trial.expect(counts).toEqual([1, 1, 1, 1, 1]);
  });

  define('R7 a sweeper is started with the store and stopped before it closes', async (trial) => {
    let stopped: string | undefined;
    let context: SweeperContext | undefined;
    const sweeper = {
      start(given: SweeperContext) {
        context = given;
        return async (): Promise<void> => {
          stopped = store.status;
        };
      },
    };
    const store = await trial.store({ sweeper });
    await store.create('data', { id: 'a', ttl: { idle: 1000 } });
    await trial.clock.advance(1000);
    trial.expect([context?.name, context?.shared]).toEqual([namespace, !trial.isAlone]);
    trial.expect(await context?.sweep()).toBe(1);
    context?.onError(new RangeError('from the sweeper'), { during: 'sweep' });
    trial.expect(trial.reported().map((each) => each.context.during)).toEqual(['sweep']);
    await store.close();
    trial.expect(stopped).toBe('closing');
  });
}
