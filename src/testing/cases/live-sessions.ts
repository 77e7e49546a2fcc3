/** LiveSession: the session in hand. */

import type { LiveSession } from '../../session.js';
import { faultyBackend } from '../faulty-backend.js';
import { codeOf, refusalOf } from '../outcome.js';
import type { Define } from '../trial.js';

interface Cart {
  items: string[];
}

export function liveSessions(define: Define): void {
  define('R9 a view shows what was loaded, and what it writes at once', async (trial) => {
    const store = await trial.store<Cart>({ ttl: { idle: 1000 } });
    const session = await store.create({ items: [] }, { owner: 'ann' });
    const view = (await store.open(session.id))!;
    const { id, version, owner, expiresAt, status } = view;
    trial
      .expect([id, version, owner, expiresAt, status])
      .toEqual([session.id, 1, 'ann', session.expiresAt, 'active']);
    await view.update(({ items }) => void items.push('tea'), { owner: 'bob' });
    trial.expect([view.data, view.version, view.owner]).toEqual([{ items: ['tea'] }, 2, 'bob']);
    trial.expect((await store.load(id))?.data).toEqual({ items: ['tea'] });
    trial.expect(await store.open('never was')).toBe(undefined);
  });

  define('R9 a view keeps the same data object until the data changes', async (trial) => {
    const store = await trial.store<Cart>({ ttl: { idle: 1000 } });
    await store.create({ items: [] }, { id: 'a' });
    const view = (await store.open('a'))!;
    const { data } = view;
    await view.reload();
    await trial.clock.advance(500);
    await view.touch();
    trial.expect([view.data === data, view.expiresAt]).toEqual([true, trial.clock.now() + 1000]);
    await view.update(({ items }) => void items.push('tea'));
    trial.expect([view.data === data, data.items]).toEqual([false, []]);
  });

  define('R9 a view tells each change once, until it is closed', async (trial) => {
    const store = await trial.store<number>({ ttl: { idle: 1000 } });
    await store.create(0, { id: 'a' });
    const view = (await store.open('a'))!;
    const shown: number[] = [];
    const leave = view.subscribe(() => shown.push(view.data));
    await view.update((count) => count + 1);
    await store.update('a', (count) => count + 1);
    await view.set(5);
    await view.reload();
    await trial.idle();
    trial.expect(shown).toEqual([1, 2, 5]);
    leave();
    await view.set(6);
    trial.expect(shown).toEqual([1, 2, 5]);
    view.close();
    await store.save('a', 7);
    await trial.idle();
    trial.expect([view.data, (await store.load('a'))?.data]).toEqual([6, 7]);
  });

  define(
    'R2 view.set: refused when somebody changed what it replaces, and then up to date',
    async (trial) => {
      const [one, other] = await trial.twoStores<string>();
      await one.create('data', { id: 'a' });
      await trial.idle();
      const view = (await other.open('a'))!;
      trial.tabs.hold();
      await one.save('a', 'theirs');
      const { code, expected, actual } = await refusalOf(view.set('mine'));
      trial.expect([code, expected, actual]).toEqual(['VERSION_CONFLICT', 1, 2]);
      trial.expect([view.data, view.version]).toEqual(['theirs', 2]);
      await view.set('mine');
      trial.expect([view.data, view.version]).toEqual(['mine', 3]);
    },
  );

  define(
    'R2 view.set: is not carried over a rotation that the caller has not seen',
    async (trial) => {
      const [one, other] = await trial.twoStores<string>();
      await one.create('data', { id: 'a' });
      await trial.idle();
      const view = (await other.open('a'))!;
      trial.tabs.hold();
      await one.rotate('a', { id: 'b', data: 'theirs' });
      trial.expect(await codeOf(view.set('mine'))).toBe('VERSION_CONFLICT');
      trial.expect([view.id, view.data]).toEqual(['b', 'theirs']);
    },
  );

  define(
    'R2 view.update: what the function throws is the answer, and nothing changes',
    async (trial) => {
      const store = await trial.store<string>();
      await store.create('data', { id: 'a' });
      const view = (await store.open('a'))!;
      const failing = view.update(() => {
        throw new RangeError('mine');
      });
      trial.expect(await codeOf(failing)).toBe('RangeError');
      trial.expect([view.data, view.version, view.status]).toEqual(['data', 1, 'active']);
    },
  );

  define('R2 views of two tabs that update at once lose nothing, and agree', async (trial) => {
    const [one, other] = await trial.twoWriters<number>();
    await one.create(0, { id: 'a' });
    await trial.catchUp();
    const views = [(await one.open('a'))!, (await other.open('a'))!];
    await Promise.all(
      [0, 1, 0, 1, 0, 1].map((index) => views[index]!.update((count) => count + 1)),
    );
    if (trial.isAlone) trial.tabs.resync();
    await trial.until('both show it', () => views.every(({ data }) => data === 6));
    trial.expect(views.map(({ version }) => version)).toEqual([7, 7]);
  });

  define(
    'R4 a view of a session that ends keeps the last data, and refuses to write',
    async (trial) => {
      const [one, other] = await trial.twoStores<string>();
      await one.create('data', { id: 'a' });
      await trial.catchUp();
      const views = [(await one.open('a'))!, (await other.open('a'))!];
      let told = 0;
      views[1]!.subscribe(() => told++);
      trial.expect(await views[0]!.end()).toBe(true);
      trial.expect(views[0]!.status).toBe('ended');
      if (trial.isAlone) trial.tabs.resync();
      await trial.until('the other tab knows', () => views[1]!.status === 'ended');
      trial.expect(told).toBe(1);
      for (const view of views) {
        trial.expect([view.id, view.data, view.version]).toEqual(['a', 'data', 1]);
        const codes = await Promise.all(
          [view.update(() => 'late'), view.set('late'), view.touch(), view.rotate()].map(codeOf),
        );
        trial.expect(codes).toEqual(codes.map(() => 'SESSION_ENDED'));
        trial.expect(await view.end()).toBe(false);
        trial.expect([view.status, view.data]).toEqual(['ended', 'data']);
      }
    },
  );

  define('R6 a view expires by itself, and tells', async (trial) => {
    const store = await trial.store<string>({ ttl: { idle: 1000 } });
    await store.create('data', { id: 'a' });
    const view = (await store.open('a'))!;
    const told: string[] = [];
    view.subscribe(() => told.push(view.status));
    await trial.clock.advance(999);
    trial.expect([view.status, told]).toEqual(['active', []]);
    await trial.clock.advance(1);
    trial.expect(view.status).toBe('expired');
    await trial.until('it is told', () => told.length > 0);
    trial.expect([told, view.data]).toEqual([['expired'], 'data']);
    trial.expect(await codeOf(view.update(() => 'late'))).toBe('SESSION_ENDED');
  });

  define('R6 a touch in another tab keeps a view alive', async (trial) => {
    const [one, other] = await trial.twoStores<string>({ ttl: { idle: 1000 } });
    await one.create('data', { id: 'a' });
    await trial.catchUp();
    const view = (await one.open('a'))!;
    trial.tabs.hold();
    await trial.clock.advance(900);
    const touched = await other.touch('a');
    await trial.catchUp();
    // Nobody told this tab: when the time that it knows of has come, it looks before it gives up.
    await trial.clock.advance(100);
    await trial.until('it has looked', () => view.status === 'active');
    trial.expect(view.expiresAt).toBe(touched!.expiresAt);
    await trial.clock.advance(touched!.expiresAt! - trial.clock.now());
    trial.expect(view.status).toBe('expired');
  });

  define('R6 of several views each expires at its own time', async (trial) => {
    const store = await trial.store<string>();
    const views = [];
    for (const idle of [3000, 1000, 2000]) {
      const { id } = await store.create('data', { ttl: { idle } });
      views.push((await store.open(id))!);
    }
    const told: number[] = [];
    for (const [index, view] of views.entries()) view.subscribe(() => told.push(index));
    for (const expected of [[1], [1, 2], [1, 2, 0]]) {
      await trial.clock.advance(1000);
      await trial.until('it is told', () => told.length === expected.length);
      trial.expect(told).toEqual(expected);
    }
  });

  define('R6 a view knows that it has expired before any timer says so', async (trial) => {
    const store = await trial.store<string>({ ttl: { idle: 1000 } });
    await store.create('data', { id: 'a' });
    const view = (await store.open('a'))!;
    // As after sleep: time has passed, and the timers have not noticed.
    trial.clock.set(trial.clock.now() + 1000);
    trial.expect(view.status).toBe('expired');
    trial.tabs.resync();
    await trial.idle();
    trial.expect(await codeOf(view.update(() => 'late'))).toBe('SESSION_ENDED');
  });

  define(
    'R15 a view that cannot be looked up when it expires keeps no other alive',
    async (trial) => {
      const backend = faultyBackend(trial.backend());
      const store = await trial.store<string>({ backend });
      const views: LiveSession<string>[] = [];
      for (const idle of [1000, 2000]) {
        const { id } = await store.create('data', { ttl: { idle } });
        views.push((await store.open(id))!);
      }
      let told = 0;
      views[1]!.subscribe(() => told++);
      backend.once('read', 'before', () => {
        throw new RangeError('on purpose');
      });
      await trial.clock.advance(1000);
      await trial.until('the failure is told', () => trial.hasReported);
      trial.expect(trial.reported().map(({ context }) => context.during)).toEqual(['refresh']);
      await trial.clock.advance(1000);
      await trial.until('the other expires', () => told === 1);
      trial.expect(views.map(({ status }) => status)).toEqual(['expired', 'expired']);
    },
  );

  define('R9 what changes while a view is opened is not missed', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await trial.store<string>({ backend });
    const elsewhere = await trial.store<string>({ sync: null });
    await store.create('data', { id: 'a' });
    backend.once('read', 'after', async () => {
      await elsewhere.save('a', 'more');
      await trial.catchUp();
    });
    const view = (await store.open('a'))!;
    trial.expect([view.data, view.version]).toEqual(['more', 2]);
  });

  define('R9 two views of one session in one tab show the same', async (trial) => {
    const store = await trial.store<number>();
    const one = await store.current({ create: () => 0 });
    const other = (await store.open(one.id))!;
    await one.update((count) => count + 1);
    await trial.until('the other shows it', () => other.version === 2);
    await other.rotate();
    await trial.until('the first follows', () => one.id === other.id);
    trial.expect([one.data, one.version]).toEqual([1, 3]);
  });

  define('R9 closing a view ends nothing but the view', async (trial) => {
    const store = await trial.store<string>({ ttl: { idle: 1000 } });
    const view = await store.current({ create: () => 'data' });
    view.close();
    view.close();
    trial.expect((await store.load(view.id))?.data).toBe('data');
    trial.expect(trial.clock.waiting).toBe(0);
  });
}
