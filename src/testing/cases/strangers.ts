/** R11: messages that are early, wrong, or not ours at all. */

import type { Change } from '../../ports.js';
import type { StoreEvent } from '../../session.js';
import { protocol } from '../../sync/message.js';
import { namespace, type Define } from '../trial.js';
import { bump, forged, messageDefine } from '../two-tabs.js';

export function strangers(define: Define): void {
  const message = messageDefine(define);

  message(
    'R11 a message that comes before its write shows is looked up again',
    async (trial, tabs) => {
      const { here, view } = tabs;
      trial.tabs.hold();
      const change: Change = { id: 'a', version: 2, kind: 'saved' };
      void trial.tabs.send(namespace, forged({}, change));
      await trial.tabs.deliver();
      await trial.idle();
      trial.expect(view.version).toBe(1);
      trial.tabs.hold();
      await here.update('a', bump);
      await trial.idle();
      trial.tabs.drop();
      await trial.catchUp();
      await trial.clock.advance(10);
      await trial.until('the view shows it', () => view.version === 2);
    },
  );

  message('R11 a touch that is told before it shows is looked up again', async (trial, tabs) => {
    const { here, there } = tabs;
    await here.create(0, { id: 'b', ttl: { idle: 1000 } });
    await trial.catchUp();
    const view = (await there.open('b'))!;
    await trial.clock.advance(500);
    const expiresAt = trial.clock.now() + 1000;
    await trial.tabs.send(
      namespace,
      forged({}, { id: 'b', version: 1, kind: 'touched', expiresAt }),
    );
    await trial.idle();
    trial.expect(view.expiresAt).toBe(expiresAt - 500);
    trial.tabs.hold();
    await here.touch('b');
    await trial.catchUp();
    await trial.clock.advance(10);
    await trial.until('the view shows it', () => view.expiresAt === expiresAt);
  });

  message(
    'R11 messages of another protocol, and whatever else is sent, are ignored',
    async (trial, tabs) => {
      const { here, view, shown } = tabs;
      const end = { id: 'a', version: 2, kind: 'ended' };
      const strange: readonly unknown[] = [
        forged({ protocol: protocol + 1 }, end),
        forged({ protocol: undefined }, end),
        forged({ seq: -1 }, end),
        forged({ seq: 'first' }, end),
        forged({ from: 7 }, end),
        forged({ changes: 'ended' }),
        forged({}, { ...end, id: '__proto__' }),
        forged({}, { ...end, kind: 'exploded' }),
        forged({}, null),
        null,
        'ended',
        42,
        [],
        new Map([['changes', [end]]]),
      ];
      for (const each of strange) await trial.tabs.send(namespace, each);
      await trial.clock.advance(5000);
      trial.expect([view.version, view.status, shown]).toEqual([1, 'active', []]);
      await here.update('a', bump);
      await trial.until('real messages are heard', () => view.version === 2);
    },
  );

  message(
    'R11 no message is believed: what it tells of is looked up',
    async (trial, { there, view, shown }) => {
      const told: StoreEvent[] = [];
      there.subscribe((event) => told.push(event));
      const lies: readonly Change[] = [
        { id: 'a', version: 99, kind: 'saved' },
        { id: 'a', version: 99, kind: 'ended' },
        { id: 'a', version: 99, kind: 'rotated', successor: 'elsewhere' },
        { id: 'a', version: 1, kind: 'expired' },
        { id: 'a', version: 1, kind: 'touched', expiresAt: 5 },
        { id: 'never was', version: 1, kind: 'saved' },
      ];
      for (const [i, lie] of lies.entries())
        await trial.tabs.send(namespace, forged({ seq: i + 1 }, lie));
      await trial.clock.advance(5000);
      await trial.idle();
      trial.expect([view.id, view.version, view.status, view.data]).toEqual(['a', 1, 'active', 0]);
      trial.expect(shown).toEqual([]);
      trial
        .expect(told.filter((event) => event.type !== 'touched' && event.type !== 'saved'))
        .toEqual([]);
    },
  );
}
