import { describe, expect, it, vi } from 'vitest';
import { Disk, FakeBackend, live, put, refuse } from '../../test/fake-backend.js';
import { FakeTab } from '../../test/fake-tab.js';
import type { StoredRecord } from '../backend.js';
import { fallbackBackend } from './fallback.js';

const minute = 60_000;

describe('opening', () => {
  it('is the first backend where that works, and says so before it is open', async () => {
    const tab = new FakeTab();
    const [first, second] = [
      new FakeBackend('first', new Disk()),
      new FakeBackend('second', new Disk()),
    ];
    const backend = tab.fallback(first, second);
    expect(backend).toMatchObject({ name: 'first', capabilities: first.capabilities });
    await backend.open(tab.context);
    expect(backend.name).toBe('first');
    expect(tab.changes).toEqual([]);
    expect(tab.clock.waiting).toBe(0);
    expect(second.users).toBe(0);
  });

  it('falls back to the next when one does not open, and tells why', async () => {
    const tab = new FakeTab();
    const first = new FakeBackend('first', new Disk());
    const second = new FakeBackend('second', new Disk(), false);
    const { error, before } = refuse('open');
    first.before = before;
    const backend = await tab.opened(first, second);
    expect(backend).toMatchObject({ name: 'second', capabilities: second.capabilities });
    expect(tab.changes).toMatchObject([
      { name: 'second', previous: null, reason: { errors: [error] } },
    ]);
  });

  it('falls back when a backend opens but takes no write, and closes it', async () => {
    const tab = new FakeTab();
    const first = new FakeBackend('first', new Disk());
    first.before = refuse('transact').before;
    const backend = await tab.opened(first, new FakeBackend('second', new Disk()));
    expect(backend.name).toBe('second');
    expect(first.users).toBe(0);
  });

  it('leaves nothing of the trial write behind', async () => {
    const disk = new Disk();
    await new FakeTab().opened(new FakeBackend('first', disk));
    expect([...disk.records]).toEqual([]);
  });

  it('gives up a backend that never answers, and closes it when it opens after all', async () => {
    const tab = new FakeTab();
    const first = new FakeBackend('first', new Disk());
    let answer = (): void => {};
    first.before = (step) =>
      step === 'open' ? new Promise<void>((resolve) => (answer = resolve)) : undefined;
    const backend = tab.fallback(first, new FakeBackend('second', new Disk()));
    const opening = backend.open(tab.context);
    await vi.waitFor(() => expect(tab.clock.waiting).toBe(1));
    await tab.clock.advance(9_999);
    expect(tab.clock.waiting).toBe(1);
    await tab.clock.advance(1);
    await opening;
    expect(backend.name).toBe('second');
    expect(tab.changes).toMatchObject([{ reason: { errors: [{ code: 'TIMED_OUT' }] } }]);
    answer();
    await vi.waitFor(() => expect(first.steps).toEqual(['open', 'close']));
    await vi.waitFor(() => expect(first.users).toBe(0));
  });

  it('does not try a backend again that is still opening', async () => {
    const tab = new FakeTab();
    const first = new FakeBackend('first', new Disk());
    first.before = () => new Promise(() => {});
    const backend = tab.fallback(first, new FakeBackend('second', new Disk()));
    const opening = backend.open(tab.context);
    await vi.waitFor(() => expect(tab.clock.waiting).toBe(1));
    await tab.clock.advance(10_000);
    await opening;
    await tab.clock.advance(minute);
    await backend.read('a');
    await tab.clock.advance(0);
    expect(first.steps).toEqual(['open']);
  });

  it('throws STORE_UNAVAILABLE with every reason when none works', async () => {
    const tab = new FakeTab();
    const backends = ['first', 'second'].map((name) => new FakeBackend(name, new Disk()));
    const [open, write] = [refuse('open'), refuse('transact')];
    backends[0]!.before = open.before;
    backends[1]!.before = write.before;
    const opening = tab.fallback(...backends).open(tab.context);
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { errors: [open.error, write.error] },
    });
    expect(backends.map(({ users }) => users)).toEqual([0, 0]);
  });

  it('refuses an empty list and times that are none', () => {
    const backend = new FakeBackend('first', new Disk());
    expect(() => fallbackBackend([])).toThrow(TypeError);
    expect(() => fallbackBackend([backend], { retryEvery: 0 })).toThrow(RangeError);
    expect(() => fallbackBackend([backend], { openTimeout: -1 })).toThrow(RangeError);
  });
});

describe('in use', () => {
  it('R8: a failing operation throws and is not answered by a worse backend', async () => {
    const tab = new FakeTab();
    const first = new FakeBackend('first', new Disk(live('a')));
    const backend = await tab.opened(first, new FakeBackend('second', new Disk()));
    const { error, before } = refuse('read');
    first.before = before;
    await expect(backend.read('a')).rejects.toBe(error);
    expect(backend.name).toBe('first');
  });

  it('never shows the records that it keeps for itself, and keeps them through a clear', async () => {
    const tab = new FakeTab();
    const [better, worse] = [new Disk(), new Disk(live('a'))];
    await (
      await tab.opened(new FakeBackend('first', better), new FakeBackend('second', worse))
    ).close();
    const counted = [...worse.records.keys()];
    expect(counted).toEqual(['\u0001moves']);
    const broken = new FakeBackend('first', better);
    broken.before = refuse('open').before;
    const backend = await tab.opened(broken, new FakeBackend('second', worse));
    await put(backend, live('b'));
    const page = await backend.scan({ by: 'id', limit: 10 });
    expect(page.records.map(({ id }) => id)).toEqual(['b']);
    let seen: readonly StoredRecord[] = [];
    await backend.clear((current) => {
      seen = current;
      return [];
    });
    expect(seen.map(({ id }) => id)).toEqual(['b']);
    expect([...worse.records.keys()]).toEqual(counted);
  });
});

describe('several stores', () => {
  it('share one object, which is closed with the last of them', async () => {
    const first = new FakeBackend('first', new Disk());
    const [left, right] = [new FakeTab(), new FakeTab()];
    const backend = left.fallback(first);
    await Promise.all([backend.open(left.context), backend.open(right.context)]);
    await backend.close();
    await put(backend, live('a'));
    await backend.close();
    expect(first.users).toBe(0);
    await backend.open(right.context);
    expect((await backend.read('a'))?.version).toBe(1);
  });

  it('R14: cannot share it under two names', async () => {
    const tab = new FakeTab();
    const backend = await tab.opened(new FakeBackend('first', new Disk()));
    const opening = backend.open({ ...tab.context, name: 'other' });
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await backend.close();
    await expect(backend.read('a')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('may try again, together, after none of the backends worked', async () => {
    const [left, right] = [new FakeTab(), new FakeTab()];
    const first = new FakeBackend('first', new Disk());
    first.before = refuse('open').before;
    const backend = left.fallback(first);
    const both = (): Promise<unknown> =>
      Promise.all([backend.open(left.context), backend.open(right.context)]);
    await expect(both()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    first.before = () => {};
    await both();
    expect(first.users).toBe(1);
  });
});
