import { describe, expect, test } from 'vitest';
import { MemoryTabs, type MemoryTab } from '../../../test/memory-tabs.js';
import { increment, live, put, times, tombstone } from '../../testing/records.js';
import { answerTime, firstAnswerTime } from './membership.js';
import { longestTurn } from './turns.js';

const versionIn = async ({ backend }: MemoryTab, id = 'n'): Promise<number | undefined> =>
  (await backend.read(id))?.version;

const bump = ({ backend }: MemoryTab, id = 'n'): Promise<unknown> =>
  backend.transact([id], increment(id));

async function took(tabs: MemoryTabs, work: Promise<unknown>): Promise<number> {
  const begun = tabs.clock.now();
  await work;
  return tabs.clock.now() - begun;
}

async function locksOf(tabs: MemoryTabs): Promise<string[]> {
  const { held = [] } = await tabs.origin.openTab().locks.query();
  return held.map(({ name = '' }) => name.split(':')[3]!).sort();
}

describe('tabs that come and go', () => {
  test('R9 a tab that opens gets what the others have', async () => {
    const tabs = new MemoryTabs();
    const first = await tabs.open();
    await put(first.backend, live('a', { version: 3, owner: 'ann' }), tombstone('b'));
    const second = await tabs.open();
    expect(await versionIn(second, 'a')).toBe(3);
    expect((await second.backend.read('b'))?.kind).toBe('tombstone');
    expect(await second.backend.listIds({ owner: 'ann', aliveAt: 0, limit: 9 })).toEqual(['a']);
    expect([first.resets, second.resets]).toEqual([[], []]);
  });

  test('tabs that open at once have one memory', async () => {
    const tabs = new MemoryTabs();
    const all = await Promise.all(times(6, () => tabs.open()));
    await Promise.all(all.map((tab) => bump(tab)));
    expect(await Promise.all(all.map((tab) => versionIn(tab)))).toEqual(times(6, () => 6));
  });

  test('says that it is shared as long as it is open, where it can be', async () => {
    const tabs = new MemoryTabs();
    const tab = tabs.tab();
    expect(tab.backend.capabilities.shared).toBe('tab');
    await tab.backend.open(tab.context);
    expect(tab.backend.capabilities).toEqual({
      shared: 'origin',
      atomic: true,
      persistent: false,
      durability: 'none',
      structuredClone: true,
    });
    await tab.backend.close();
    expect(tab.backend.capabilities.shared).toBe('tab');
    const alone = await tabs.open({ locks: () => undefined });
    expect(alone.backend.capabilities.shared).toBe('tab');
    await put(alone.backend, live('a'));
    expect(await tabs.open().then((other) => versionIn(other, 'a'))).toBe(undefined);
  });

  test('R15 where the locks refuse, it is one tab’s own, and that is told', async () => {
    const refusal = new DOMException('No.', 'SecurityError');
    const refuse = (): Promise<never> => Promise.reject(refusal);
    const locks = { request: refuse, query: refuse } as unknown as LockManager;
    const tab = await new MemoryTabs().open({ locks: () => locks });
    expect(tab.backend.capabilities.shared).toBe('tab');
    expect(tab.errors).toMatchObject([{ code: 'STORE_UNAVAILABLE', cause: refusal }]);
    await bump(tab);
    expect(await versionIn(tab)).toBe(1);
  });

  test('what the last tab leaves behind is nothing, locks included', async () => {
    const tabs = new MemoryTabs();
    const all = [await tabs.open(), await tabs.open()];
    for (const tab of all) await bump(tab);
    await tabs.pass(20);
    expect(await locksOf(tabs)).toEqual(['complete', 'member', 'member']);
    for (const { backend } of all) await backend.close();
    await tabs.pass(20);
    expect([await locksOf(tabs), tabs.ends.size]).toEqual([[], 0]);
    expect(await versionIn(await tabs.open())).toBe(undefined);
  });

  test('a page that is put away holds no lock; shown again, it has what the others did', async () => {
    const tabs = new MemoryTabs();
    const [away, here] = [await tabs.open(), await tabs.open()];
    await bump(away);
    away.page.dispatchEvent(new Event('pagehide'));
    await tabs.pass(20);
    expect(await locksOf(tabs)).toEqual(['member']);
    expect(await took(tabs, bump(here))).toBeLessThan(answerTime);
    const late = versionIn(away);
    const lateBump = bump(away);
    await tabs.pass(1000);
    away.page.dispatchEvent(new Event('pageshow'));
    expect(await late).toBeGreaterThanOrEqual(2);
    await lateBump;
    expect([await versionIn(here), await versionIn(away)]).toEqual([3, 3]);
    expect([away.errors, away.resets]).toEqual([[], []]);
  });
});

describe('a backend that is opened again', () => {
  const reopen = async ({ backend, context }: MemoryTab): Promise<void> => {
    await backend.close();
    await backend.open(context);
  };

  test('finds its own records where nobody else had them', async () => {
    const tab = await new MemoryTabs().open();
    await put(tab.backend, live('a', { version: 4 }));
    await reopen(tab);
    expect(await versionIn(tab, 'a')).toBe(4);
  });

  test('R4 finds what others have by then, and nothing that they ended', async () => {
    const tabs = new MemoryTabs();
    const [one, other] = [await tabs.open(), await tabs.open()];
    await put(one.backend, live('a'));
    await one.backend.close();
    await put(other.backend, tombstone('a', { version: 2 }));
    await one.backend.open(one.context);
    expect((await one.backend.read('a'))?.kind).toBe('tombstone');
  });

  test('R4 finds nothing where others went on with its records and are gone', async () => {
    const tabs = new MemoryTabs();
    const [one, other] = [await tabs.open(), await tabs.open()];
    await put(one.backend, live('a'));
    await one.backend.close();
    await put(other.backend, tombstone('a', { version: 2 }));
    await other.backend.close();
    await one.backend.open(one.context);
    expect(await one.backend.read('a')).toBe(undefined);
  });

  test('finds its own records when the others had gone before it', async () => {
    const tabs = new MemoryTabs();
    const [one, other] = [await tabs.open(), await tabs.open()];
    await put(one.backend, live('a'));
    await other.backend.close();
    await tabs.pass(20);
    await reopen(one);
    expect(await versionIn(one, 'a')).toBe(1);
  });
});

describe('a tab that does not answer', () => {
  const loseTo = (tabs: MemoryTabs): Promise<MemoryTab[]> =>
    Promise.all(times(3, () => tabs.open()));

  test('R9 holds up a commit for no longer than the time to answer, once', async () => {
    const tabs = new MemoryTabs();
    const [frozen, one, other] = (await loseTo(tabs)) as [MemoryTab, MemoryTab, MemoryTab];
    await bump(frozen);
    frozen.freeze();
    const first = await took(tabs, bump(one));
    expect(first).toBeGreaterThanOrEqual(answerTime);
    expect(first).toBeLessThan(2 * answerTime);
    expect(await took(tabs, bump(other))).toBeLessThan(100);
    await put(one.backend, tombstone('n', { version: 3 }));
    frozen.wake();
    await tabs.pass(100);
    expect((await frozen.backend.read('n'))?.kind).toBe('tombstone');
    expect([frozen.resets, frozen.errors]).toEqual([[], []]);
  });

  test('R2 writes on what the others have when it wakes, never on what it had', async () => {
    const tabs = new MemoryTabs();
    const [frozen, one] = (await loseTo(tabs)) as [MemoryTab, MemoryTab];
    await bump(frozen);
    frozen.freeze();
    for (let i = 0; i < 5; i++) await bump(one);
    const bumping = bump(frozen);
    frozen.wake();
    await bumping;
    expect([await versionIn(frozen), await versionIn(one)]).toEqual([7, 7]);
  });

  test('R16 is given up by one that opens, if nobody else has the records; it is told of the loss', async () => {
    const tabs = new MemoryTabs();
    const frozen = await tabs.open();
    await put(frozen.backend, live('a'));
    frozen.freeze();
    const opening = tabs.open();
    const time = await took(tabs, opening);
    expect(time).toBeGreaterThanOrEqual(firstAnswerTime);
    expect(time).toBeLessThan(2 * firstAnswerTime);
    const next = await opening;
    await put(next.backend, live('b'));
    frozen.wake();
    await tabs.pass(100);
    expect(await frozen.backend.listIds({ aliveAt: 0, limit: 9 })).toEqual(['b']);
    expect(frozen.resets).toEqual([
      { epoch: expect.any(String) as string, previous: expect.any(String) as string },
    ]);
  });

  for (const late of times(12, (i) => i * 2)) {
    test(`R2 R9 stopped ${late} ms into a commit: the others go on, and it does not say what is not so`, async () => {
      const tabs = new MemoryTabs(late + 1);
      const [stopped, one, other] = (await loseTo(tabs)) as [MemoryTab, MemoryTab, MemoryTab];
      await bump(one);
      let outcome = 'pending';
      bump(stopped).then(
        () => (outcome = 'made'),
        (error: { code: string }) => (outcome = error.code),
      );
      await tabs.pass(late);
      stopped.freeze();
      const wait = await took(tabs, Promise.all([bump(one), bump(other)]));
      expect(wait).toBeLessThan(3 * longestTurn);
      const before = outcome;
      stopped.wake();
      await tabs.pass(500);
      const versions = await Promise.all([stopped, one, other].map((tab) => versionIn(tab)));
      expect(new Set(versions).size).toBe(1);
      // Made or not: both are right where it does not know.
      const fewest = outcome === 'made' ? 4 : 3;
      expect(versions[0]).toBeGreaterThanOrEqual(fewest);
      expect(versions[0]).toBeLessThanOrEqual(4);
      expect(['made', 'STORE_UNAVAILABLE', before]).toContain(outcome);
      expect(outcome).not.toBe('pending');
    });
  }
});
