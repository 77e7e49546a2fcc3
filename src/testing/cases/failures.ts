/** R15: nothing that fails in the background vanishes, and nothing else suffers from it. */

import { SessionError } from '../../errors.js';
import type { TabSync } from '../../ports.js';
import { unreadable } from '../../record.js';
import { faultyBackend } from '../faulty-backend.js';
import { codeOf } from '../outcome.js';
import type { Define, Trial } from '../trial.js';

/** What was reported: what was going on, the session concerned, and the text of the error. */
function reports(trial: Trial): unknown[] {
  return trial
    .reported()
    .map(({ error, context }) => [context.during, context.id, (error as Error).message]);
}

const fail = (): never => {
  throw new RangeError('on purpose');
};

const full = (): never => {
  throw new SessionError('QUOTA_EXCEEDED', 'The disk is full.');
};

export function failures(define: Define): void {
  define('R15 a listener that throws is reported, and starves no other', async (trial) => {
    const store = await trial.store();
    const told: string[] = [];
    store.subscribe(() => told.push('first'));
    store.subscribe(fail);
    store.subscribe(() => told.push('last'));
    const { version } = await store.create('data', { id: 'a' });
    trial.expect([version, told]).toEqual([1, ['first', 'last']]);
    trial.expect(reports(trial)).toEqual([['listener', undefined, 'on purpose']]);
  });

  define(
    'R15 a listener of a view that throws is reported, and starves no other',
    async (trial) => {
      const store = await trial.store();
      await store.create('data', { id: 'a' });
      const view = (await store.open('a'))!;
      let told = 0;
      view.subscribe(fail);
      view.subscribe(() => told++);
      await view.update(() => 'more');
      trial.expect([view.data, told]).toEqual(['more', 1]);
      trial.expect(trial.reported().map(({ context }) => context.during)).toEqual(['listener']);
    },
  );

  define('R15 a listener leaves when it is told to, and only it', async (trial) => {
    const store = await trial.store();
    let told = 0;
    const listener = (): void => void told++;
    const leave = store.subscribe(listener);
    store.subscribe(listener);
    await store.save('a', 1);
    trial.expect(told).toBe(2);
    leave();
    leave();
    await store.save('a', 2);
    trial.expect(told).toBe(3);
  });

  define('R15 a refresh that fails is reported, and the next one works', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    const elsewhere = await trial.store({ sync: null });
    await store.create('data', { id: 'a' });
    const view = (await store.open('a'))!;
    await elsewhere.save('a', 'more');
    await trial.catchUp();
    backend.once('read', 'before', fail);
    trial.tabs.resync();
    await trial.until('the failure is told', () => trial.hasReported);
    trial.expect(reports(trial)).toEqual([['refresh', 'a', 'on purpose']]);
    trial.expect([view.data, view.status]).toEqual(['data', 'active']);
    trial.tabs.resync();
    await trial.until('the view is up to date', () => view.data === 'more');
  });

  define(
    'R15 a close that fails is reported, and the store is closed all the same',
    async (trial) => {
      const backend = faultyBackend(trial.backend());
      const sync: TabSync = { connect: () => ({ post: () => {}, close: async () => fail() }) };
      const sweeper = { start: () => async () => fail() };
      const store = await trial.store({ backend, sync, sweeper });
      backend.once('close', 'after', fail);
      await store.close();
      trial.expect(store.status).toBe('closed');
      trial.expect(reports(trial)).toEqual([1, 2, 3].map(() => ['close', undefined, 'on purpose']));
    },
  );

  define('R15 a store that closes waits for what runs', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    let release = (): void => {};
    backend.once('transact', 'before', () => new Promise<void>((resolve) => (release = resolve)));
    const creation = codeOf(store.create('data', { id: 'a' }));
    const closing = store.close();
    await trial.idle();
    trial.expect([store.status, backend.calls.close]).toEqual(['closing', 0]);
    release();
    trial.expect(await creation).toBe('done');
    await closing;
    trial.expect([store.status, backend.calls.close]).toEqual(['closed', 1]);
  });

  define('R15 what a scan cannot read is reported, and hides nothing else', async (trial) => {
    const inner = trial.backend();
    const backend = faultyBackend({
      name: inner.name,
      capabilities: inner.capabilities,
      open: (context) => inner.open(context),
      read: (id) => inner.read(id),
      transact: (ids, decide) => inner.transact(ids, decide),
      async scan(query) {
        return { ...(await inner.scan(query)), unreadable: [unreadable('damaged', 'raw')] };
      },
      listIds: (query) => inner.listIds(query),
      clear: (retain) => inner.clear(retain),
      close: () => inner.close(),
    });
    const store = await trial.store({ backend });
    await store.create('data', { id: 'a', owner: 'ann', ttl: { idle: 1000 } });
    trial.expect((await store.listByOwner('ann')).map(({ id }) => id)).toEqual(['a']);
    trial
      .expect(trial.reported().map(({ context }) => [context.during, context.id]))
      .toEqual([['scan', 'damaged']]);
    await trial.clock.advance(1000);
    trial.expect(await store.sweep()).toBe(1);
    trial
      .expect(new Set(trial.reported().map(({ context }) => context.id)))
      .toEqual(new Set(['damaged']));
  });

  define('R15 a closed store refuses everything', async (trial) => {
    const store = await trial.store();
    await store.create('data', { id: 'a' });
    const view = (await store.open('a'))!;
    await store.close();
    const codes = await Promise.all(
      [
        store.create('data'),
        store.load('a'),
        store.save('a', 'data'),
        store.saveIfVersion('a', 'data', 1),
        store.update('a', () => 'data'),
        store.rotate('a'),
        store.touch('a'),
        store.delete('a'),
        store.listIds(),
        store.listByOwner('ann'),
        store.endAll('ann'),
        store.clear(),
        store.sweep(),
        store.current({ create: () => 'data' }),
        store.open('a'),
        view.update(() => 'data'),
        view.set('data'),
        view.touch(),
        view.rotate(),
        view.end(),
        view.reload(),
      ].map(codeOf),
    );
    trial.expect(codes).toEqual(codes.map(() => 'STORE_CLOSED'));
    trial.expect([view.data, view.version]).toEqual(['data', 1]);
  });

  define('R15 a full backend is swept, and the write tried once more', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    await store.create('old', { id: 'expired', ttl: { idle: 1000 } });
    await store.create('data', { id: 'a' });
    await trial.clock.advance(1000);
    backend.once('transact', 'before', full);
    trial.expect((await store.save('a', 'more')).version).toBe(2);
    trial.expect(await store.sweep()).toBe(0);
  });

  define('R15 a backend that stays full refuses, with the old value intact', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    await store.create('data', { id: 'a' });
    backend.once('transact', 'before', full);
    backend.once('transact', 'before', full);
    trial.expect(await codeOf(store.save('a', 'more'))).toBe('QUOTA_EXCEEDED');
    trial
      .expect(await store.load('a').then((session) => [session?.data, session?.version]))
      .toEqual(['data', 1]);
    trial.expect((await store.save('a', 'more')).version).toBe(2);
  });

  define('R15 a backend too full to be swept refuses as well, and hangs nobody', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    await store.create('old', { id: 'expired', ttl: { idle: 1000 } });
    await store.create('data', { id: 'a' });
    await trial.clock.advance(1000);
    let outcome: string | undefined;
    for (let i = 0; i < 3; i++) backend.once('transact', 'before', full);
    void codeOf(store.save('a', 'more')).then((code) => (outcome = code));
    await trial.until('the write is refused', () => outcome !== undefined);
    trial.expect(outcome).toBe('QUOTA_EXCEEDED');
    trial.expect(trial.reported().map(({ context }) => context.during)).toEqual(['sweep']);
    trial.expect(await store.sweep()).toBe(1);
  });

  define('R15 what a backend throws reaches its caller unchanged', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store({ backend });
    backend.once('transact', 'before', () => {
      throw new SessionError('STORE_UNAVAILABLE', 'Gone.');
    });
    trial.expect(await codeOf(store.create('data', { id: 'a' }))).toBe('STORE_UNAVAILABLE');
    trial.expect(await codeOf(store.create('data', { id: 'a' }))).toBe('done');
  });

  define('R15 a backend that does not open fails openStore with its reason', async (trial) => {
    const backend = faultyBackend(trial.backend());
    backend.once('open', 'before', () => {
      throw new SessionError('STORE_BLOCKED', 'Another tab is in the way.');
    });
    trial.expect(await codeOf(trial.store({ backend }))).toBe('STORE_BLOCKED');
    trial.expect(await codeOf(trial.store({ backend }))).toBe('done');
  });
}
