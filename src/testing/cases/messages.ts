/** R11: messages between tabs that do not arrive, or arrive late, doubled, in any order. */

import type { StoreEvent } from '../../session.js';
import { fakeClock } from '../fake-clock.js';
import type { Define } from '../trial.js';
import { bump, messageDefine } from '../two-tabs.js';

export function messages(define: Define): void {
  const message = messageDefine(define);

  message(
    'R11 a change made in one tab shows in the others',
    async (trial, { here, there, view, shown }) => {
      const told: StoreEvent[] = [];
      there.subscribe((event) => told.push(event));
      await here.update('a', bump);
      await trial.until('the view shows it', () => view.version === 2);
      trial.expect([view.data, shown]).toEqual([1, [2]]);
      await trial.until('the store tells it', () => told.length > 0);
      trial.expect(told.length).toBe(1);
      const { type, id, version, origin } = told[0] as Extract<StoreEvent, { id: string }>;
      trial.expect([type, id, version, origin]).toEqual(['saved', 'a', 2, 'elsewhere']);
    },
  );

  message(
    'R11 every kind of change is told with where it was made',
    async (trial, { here, there }) => {
      const told: string[] = [];
      there.subscribe((event) => told.push(`${event.type} ${'id' in event ? event.id : ''}`));
      await here.create(0, { id: 'b', ttl: { idle: 1000 } });
      await trial.clock.advance(500);
      await here.touch('b');
      await trial.until('the touch is told', () => told.includes('touched b'));
      await here.rotate('a', { id: 'c' });
      await trial.until('the rotation is told', () => told.includes('rotated a'));
      await here.delete('c');
      await trial.until('the end is told', () => told.includes('ended c'));
      await trial.clock.advance(1000);
      await here.sweep();
      await trial.until('the expiry is told', () => told.includes('expired b'));
    },
  );

  message(
    'R11 a lost message: the next one, whatever it is about, puts it right',
    async (trial, tabs) => {
      const { here, view } = tabs;
      // Two tabs that have heard of each other before.
      await here.update('a', bump);
      await trial.until('the first is heard', () => view.version === 2);
      trial.tabs.hold();
      await here.update('a', bump);
      await trial.idle();
      trial.tabs.drop();
      await trial.tabs.deliver();
      trial.expect(view.version).toBe(2);
      await here.create(0, { id: 'unrelated' });
      await trial.until('the gap is noticed', () => view.version === 3);
      trial.expect(view.data).toBe(2);
    },
  );

  message(
    'R11 lost messages and none after: waking up puts it right',
    async (trial, { here, view }) => {
      trial.tabs.hold();
      await here.update('a', bump);
      await here.rotate('a', { id: 'b' });
      await here.update('b', bump);
      await trial.idle();
      trial.tabs.drop();
      trial.tabs.resync();
      await trial.until('the view has looked again', () => view.version === 4);
      trial.expect([view.id, view.data, view.status]).toEqual(['b', 2, 'active']);
    },
  );

  message('R11 doubled messages are shown once', async (trial, { here, view, shown }) => {
    trial.tabs.hold();
    await here.update('a', bump);
    await trial.idle();
    trial.tabs.duplicate();
    trial.tabs.duplicate();
    await trial.tabs.deliver();
    await trial.until('the view shows it', () => view.version === 2);
    await trial.idle();
    trial.expect(shown).toEqual([2]);
  });

  message(
    'R11 late messages in any order never take a view back',
    async (trial, { here, view, shown }) => {
      trial.tabs.hold();
      for (let i = 0; i < 4; i++) {
        await here.update('a', bump);
        await trial.idle();
      }
      trial.tabs.reverse();
      await trial.tabs.deliver();
      await trial.until('the view is up to date', () => view.version === 5);
      await trial.idle();
      trial.expect([view.data, shown.at(-1)]).toEqual([4, 5]);
      trial.expect(shown).toEqual([...shown].sort((one, other) => one - other));
    },
  );

  message('R11 a late message brings no ended session back', async (trial, { here, view }) => {
    trial.tabs.hold();
    await here.update('a', bump);
    await trial.idle();
    await here.delete('a');
    await trial.idle();
    trial.tabs.reverse();
    await trial.tabs.deliver();
    await trial.until('the view has ended', () => view.status === 'ended');
    await trial.idle();
    trial.expect(view.status).toBe('ended');
  });

  message('R11 a store hears its own changes once', async (trial, { here }) => {
    const told: (readonly string[])[] = [];
    here.subscribe((event) =>
      told.push('origin' in event ? [event.type, event.origin] : [event.type]),
    );
    await here.update('a', bump);
    await trial.idle();
    trial.expect(told).toEqual([['saved', 'here']]);
  });

  message(
    'R11 without a channel the other tab finds out when it looks',
    async (trial, { here, view, there }) => {
      const silent = await trial.store<number>({ sync: null });
      await silent.update('a', bump);
      await trial.idle();
      trial.expect(view.version).toBe(1);
      await trial.catchUp();
      await view.reload();
      trial.expect([view.version, (await there.load('a'))?.data]).toEqual([2, 1]);
      await here.update('a', bump);
      await trial.catchUp();
      trial.expect((await silent.load('a'))?.data).toBe(2);
    },
  );

  define(
    'R11 writes are ordered by version, whatever the clocks of the tabs say',
    async (trial) => {
      const now = trial.clock.now();
      const [behind, ahead] = [fakeClock(now - 3_600_000), fakeClock(now + 3_600_000)];
      const first = await trial.store<string>({ clock: ahead });
      const second = await trial.store<string>({ clock: behind });
      await first.create('by the one ahead', { id: 'a' });
      const steps = [
        await second.save('a', 'by the one behind'),
        await first.update('a', (data) => `${data}, then ahead`),
        await second.update('a', (data) => `${data}, then behind`),
      ];
      trial.expect(steps.map(({ version }) => version)).toEqual([2, 3, 4]);
      trial.expect(steps[2]!.updatedAt < steps[1]!.updatedAt).toBe(true);
      await trial.catchUp();
      const view = (await first.open('a'))!;
      trial.expect(view.data).toBe('by the one behind, then ahead, then behind');
      await second.save('a', 'last');
      if (trial.isAlone) trial.tabs.resync();
      await trial.until('the view follows', () => view.version === 5);
      trial.expect(view.data).toBe('last');
    },
  );
}
