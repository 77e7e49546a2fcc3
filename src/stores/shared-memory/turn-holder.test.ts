/** Whose commit counts, and whose does not, while tabs lose turns and places in the group. */

import { describe, expect, test } from 'vitest';
import { MemoryTabs, type MemoryTab } from '../../../test/memory-tabs.js';
import { increment, live, put, times, tombstone } from '../../testing/records.js';
import { answerTime } from './membership.js';
import { longestTurn } from './turns.js';

const kindOf = (message: unknown): unknown => (message as { readonly kind?: string })?.kind;

const inOneMillisecond = (): readonly number[] => [1];

/** Tabs between which nothing is left to chance. */
async function openTabs(count: number): Promise<{ tabs: MemoryTabs; all: MemoryTab[] }> {
  const tabs = new MemoryTabs();
  tabs.course = inOneMillisecond;
  const all: MemoryTab[] = [];
  for (let i = 0; i < count; i++) all.push(await tabs.open());
  await put(all[0]!.backend, live('s'));
  await tabs.pass(50);
  return { tabs, all };
}

/** Passes time until a tab sends a message of that kind; answers with it. */
async function untilSent(tab: MemoryTab, kind: string): Promise<unknown> {
  const before = tab.sent.length;
  for (;;) {
    const found = tab.sent.slice(before).find((message) => kindOf(message) === kind);
    if (found !== undefined) return found;
    await tab.tabs.pass(0.2);
  }
}

const rotate = ({ backend }: MemoryTab, to: string, onDecide = (): void => {}): Promise<void> =>
  backend.transact(['s', to], (current) => {
    onDecide();
    const version = current.get('s')!.version + 1;
    const old = tombstone('s', { version, reason: 'rotated', successor: to });
    return { write: [old, live(to)], result: undefined };
  });

describe('a tab that has the turn', () => {
  test('R5 takes in no commit of another that is late: no fork', async () => {
    const { tabs, all } = await openTabs(3);
    const [dying, next, witness] = all as [MemoryTab, MemoryTab, MemoryTab];
    tabs.course = (message) => (kindOf(message) === 'commit' ? [] : [1]);
    rotate(dying, 't').catch(() => {});
    const late = await untilSent(dying, 'commit');
    dying.kill();
    tabs.course = inOneMillisecond;
    // It arrives at everybody when the next has decided, on what was there before it.
    await rotate(next, 'u', () => tabs.clock.after(0, () => tabs.send(late)));
    await tabs.pass(50);
    for (const { backend, errors, resets } of [next, witness]) {
      expect(await backend.read('s')).toMatchObject({ version: 2, successor: 'u' });
      expect([await backend.read('t'), (await backend.read('u'))?.kind]).toEqual([
        undefined,
        'live',
      ]);
      expect([errors, resets]).toEqual([[], []]);
    }
  });

  test('R9 and writes nothing in it, or fails, takes in what comes next', async () => {
    const { tabs, all } = await openTabs(2);
    const [one, other] = all as [MemoryTab, MemoryTab];
    const failure = new Error('No.');
    await one.backend.transact(['s'], () => ({ write: [], result: undefined }));
    const failing = one.backend.transact(['s'], () => {
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
    const begun = tabs.clock.now();
    await other.backend.transact(['n'], increment('n'));
    expect(tabs.clock.now() - begun).toBeLessThan(answerTime);
    expect((await one.backend.read('n'))?.version).toBe(1);
  });
});

describe('a tab that was thrown out', () => {
  test('R4 R9 reads nothing of what it had, even before it is told that it is out', async () => {
    const { tabs, all } = await openTabs(2);
    const [one, busy] = all as [MemoryTab, MemoryTab];
    busy.freeze();
    await put(one.backend, tombstone('s', { version: 2 }));
    const reads = [busy.backend.read('s'), busy.backend.listIds({ aliveAt: 0, limit: 9 })];
    await tabs.pass(10);
    busy.wake();
    expect(await Promise.all(reads)).toMatchObject([{ kind: 'tombstone' }, []]);
    expect([busy.errors, busy.resets]).toEqual([[], []]);
  });

  for (const late of times(8, (i) => i * 0.5)) {
    // The one that gave them is gone by then: nobody is left who knows what ended.
    test(`R4 stopped ${late} ms after it was given the records, it brings back none that ended since`, async () => {
      const { tabs, all } = await openTabs(1);
      const one = all[0]!;
      const coming = tabs.tab();
      const opening = coming.backend.open(coming.context);
      await untilSent(one, 'state');
      await tabs.pass(late);
      coming.freeze();
      await put(one.backend, tombstone('s', { version: 2 }));
      await one.backend.close();
      await tabs.pass(3 * longestTurn);
      coming.wake();
      await opening;
      expect((await coming.backend.read('s'))?.kind).not.toBe('live');
    });
  }
});
