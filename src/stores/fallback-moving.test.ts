import { describe, expect, it, vi } from 'vitest';
import { Disk, FakeBackend, increment, live, refuse } from '../../test/fake-backend.js';
import { FakeTab } from '../../test/fake-tab.js';
import { SessionError } from '../errors.js';

const minute = 60_000;

describe('moving up while in use', () => {
  /** A store that had to open on the second backend; the first works again. */
  async function onSecond(worse: Disk = new Disk(live('a', 3))) {
    const tab = new FakeTab();
    const better = new Disk();
    const [first, second] = [new FakeBackend('first', better), new FakeBackend('second', worse)];
    first.before = refuse('open').before;
    const backend = await tab.opened(first, second);
    first.before = () => {};
    return { tab, better, worse, first, second, backend };
  }

  it('tries the better backend after an operation, at most every retryEvery', async () => {
    const { tab, better, worse, first, second, backend } = await onSecond();
    await tab.clock.advance(minute - 1);
    await backend.read('a');
    expect(first.steps).toEqual(['open']);
    await tab.clock.advance(1);
    const told = tab.told();
    await backend.read('a');
    await told;
    expect(tab.changes[1]).toEqual({ name: 'first', previous: 'second', reason: undefined });
    expect(backend.name).toBe('first');
    expect(better.sessions.get('a')).toMatchObject({ kind: 'live', version: 3 });
    expect([...worse.sessions]).toEqual([]);
    expect([first.users, second.users]).toEqual([1, 0]);
  });

  it('tries again only when it is due, and does not repeat what was told', async () => {
    const { tab, first, backend } = await onSecond();
    first.before = refuse('open').before;
    for (const tries of [2, 3]) {
      await tab.clock.advance(minute);
      await backend.read('a');
      await tab.clock.advance(0);
      await backend.read('a');
      await tab.clock.advance(0);
      expect(first.steps).toEqual(Array<string>(tries).fill('open'));
    }
    expect(backend.name).toBe('second');
    expect(tab.errors).toEqual([]);
    expect(tab.changes).toHaveLength(1);
  });

  it('R2: lets running operations finish first, and new ones wait for the better backend', async () => {
    const { tab, better, first, second, backend } = await onSecond();
    let finish = (): void => {};
    second.before = (step) =>
      step === 'transact' ? new Promise<void>((resolve) => (finish = resolve)) : undefined;
    const running = increment(backend, 'a');
    await tab.clock.advance(minute);
    const told = tab.told();
    await backend.listIds({ aliveAt: 0, limit: 10 });
    await vi.waitFor(() => expect(first.steps).toEqual(['open', 'open', 'transact', 'transact']));
    const arriving = increment(backend, 'a');
    second.before = () => {};
    finish();
    expect(await running).toBe(4);
    expect(await arriving).toBe(5);
    await told;
    expect(better.records.get('a')?.version).toBe(5);
  });

  it('stays where it is when an operation does not finish', async () => {
    const { tab, first, second, backend } = await onSecond();
    second.before = (step) => (step === 'read' ? new Promise(() => {}) : undefined);
    void backend.read('a');
    await tab.clock.advance(minute);
    await backend.transact([], () => ({ result: undefined }));
    await vi.waitFor(() => expect(first.steps).toEqual(['open', 'open', 'transact', 'transact']));
    const told = tab.told();
    const waiting = increment(backend, 'a');
    await tab.clock.advance(10_000);
    await told;
    expect(await waiting).toBe(4);
    expect(backend.name).toBe('second');
    expect(first.users).toBe(0);
    expect(tab.errors).toMatchObject([{ code: 'TIMED_OUT' }]);
  });

  it('R15: stays where it is, with everything, and reports it when the better backend refuses the records', async () => {
    const records = Array.from({ length: 150 }, (_, i) => live(`id ${i}`));
    const { tab, worse, first, backend } = await onSecond(new Disk(...records));
    const quota = new SessionError('QUOTA_EXCEEDED', 'Full.');
    let writes = 0;
    first.before = (step) => {
      // The trial write takes two, the first page of records one.
      if (step === 'transact' && ++writes > 3) throw quota;
    };
    await tab.clock.advance(minute);
    const told = tab.told();
    await backend.read('id 0');
    await told;
    expect(tab.errors).toEqual([quota]);
    expect(backend.name).toBe('second');
    expect(worse.sessions.size).toBe(150);
    expect(first.users).toBe(0);
    expect(await increment(backend, 'id 0')).toBe(2);
  });

  it('closes what is open, also in the middle of a try', async () => {
    const { tab, first, second, backend } = await onSecond();
    await second.open(); // another store of this page shares it
    let answer = (): void => {};
    first.before = (step) =>
      step === 'open' ? new Promise<void>((resolve) => (answer = resolve)) : undefined;
    await tab.clock.advance(minute);
    await backend.read('a');
    await vi.waitFor(() => expect(first.steps).toEqual(['open', 'open']));
    await backend.close();
    await backend.close();
    expect(second.users).toBe(1);
    answer();
    await vi.waitFor(() => expect(first.steps).toContain('close'));
    expect([first.users, second.users]).toEqual([0, 1]);
    expect(tab.errors).toEqual([]);
    await second.close();
    await expect(backend.read('a')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('closes what is open after a move under way has ended', async () => {
    const { tab, better, first, second, backend } = await onSecond();
    let scan = (): void => {};
    second.before = (step) =>
      step === 'scan' ? new Promise<void>((resolve) => (scan = resolve)) : undefined;
    await tab.clock.advance(minute);
    await backend.read('a');
    await vi.waitFor(() => expect(second.steps).toContain('scan'));
    const closing = backend.close();
    second.before = () => {};
    scan();
    await closing;
    expect([first.users, second.users]).toEqual([0, 0]);
    expect([...better.sessions.keys()]).toEqual(['a']);
  });
});
