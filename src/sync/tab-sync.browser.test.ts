// oxlint-disable unicorn/require-post-message-target-origin -- a rule for windows; channels have no such argument

import { OPEN_BROADCAST_CHANNELS } from 'broadcast-channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Change, TabSync, TabSyncConnection, TabSyncContext } from '../ports.js';
import { tabSync } from './index.js';

const saved = (id: string, version = 1): Change => ({ id, version, kind: 'saved' });

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A name that no other test hears. */
function freshName(): string {
  return crypto.randomUUID();
}

function connect(name: string, sync: TabSync = tabSync()) {
  const heard: Change[] = [];
  const resync = vi.fn<() => void>();
  const onError = vi.fn<TabSyncContext['onError']>();
  const connection: TabSyncConnection = sync.connect({
    name,
    receive: (changes) => heard.push(...changes),
    resync,
    onError,
  });
  cleanups.push(() => connection.close());
  return { connection, heard, resync, onError };
}

const source = new URL('./index.ts', import.meta.url).href;

/** A frame of the same origin: a context of its own, with its own copy of the library. */
async function openFrame(): Promise<{ frame: HTMLIFrameElement; sync: TabSync }> {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  cleanups.push(() => frame.remove());
  const page = frame.contentWindow as Window & { loaded?: (sync: TabSync) => void };
  const loading = new Promise<TabSync>((resolve) => (page.loaded = resolve));
  const script = page.document.createElement('script');
  script.type = 'module';
  script.textContent = `import { tabSync } from ${JSON.stringify(source)}; loaded(tabSync());`;
  page.document.body.append(script);
  return { frame, sync: await loading };
}

/** Counts the listeners of a target that were added and not removed. */
function countListeners(target: EventTarget): () => number {
  const live = new Set<unknown>();
  const add = target.addEventListener.bind(target);
  const spy = vi.spyOn(target, 'addEventListener').mockImplementation((type, listener, options) => {
    const { signal } = options as AddEventListenerOptions;
    live.add(listener);
    signal?.addEventListener('abort', () => live.delete(listener));
    add(type, listener, options);
  });
  cleanups.push(() => spy.mockRestore());
  return () => live.size;
}

describe('tabSync in a browser', () => {
  it('carries changes both ways between two stores of one page', async () => {
    const name = freshName();
    const [a, b] = [connect(name), connect(name)];
    a.connection.post([saved('a')]);
    b.connection.post([saved('b')]);
    await vi.waitFor(() => {
      expect(a.heard).toEqual([saved('b')]);
      expect(b.heard).toEqual([saved('a')]);
    });
    expect(a.onError).not.toHaveBeenCalled();
  });

  it('carries changes both ways between two frames', async () => {
    const name = freshName();
    const here = connect(name);
    const there = connect(name, (await openFrame()).sync);
    here.connection.post([saved('a')]);
    there.connection.post([saved('b', 2)]);
    await vi.waitFor(() => {
      expect(here.heard).toEqual([saved('b', 2)]);
      expect(there.heard).toEqual([saved('a')]);
    });
  });

  it('carries changes both ways between a page and a worker', async () => {
    const name = freshName();
    const here = connect(name);
    const code = `
      import { tabSync } from ${JSON.stringify(source)};
      const connection = tabSync().connect({
        name: ${JSON.stringify(name)},
        receive: ([change]) => connection.post([{ ...change, version: change.version + 1 }]),
        resync() {},
        onError: (error) => { throw error; },
      });
      connection.post([{ id: 'ready', version: 1, kind: 'saved' }]);
    `;
    const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
    const worker = new Worker(url, { type: 'module' });
    cleanups.push(() => worker.terminate());
    await vi.waitFor(() => expect(here.heard).toEqual([saved('ready')]), 5000);
    here.connection.post([saved('a')]);
    await vi.waitFor(() => expect(here.heard[1]).toEqual(saved('a', 2)));
  });

  it('hears nothing of another name', async () => {
    const [name, other] = [freshName(), freshName()];
    const [a, b, witness] = [connect(name), connect(other), connect(name)];
    a.connection.post([saved('a')]);
    await vi.waitFor(() => expect(witness.heard).toEqual([saved('a')]));
    expect(b.heard).toEqual([]);
  });

  it('R11: ignores strangers on its channel, also those that wrap their message well', async () => {
    const name = freshName();
    const { heard, resync, onError } = connect(name);
    const uncaught = vi.fn<(event: Event) => void>();
    addEventListener('error', uncaught);
    cleanups.push(() => removeEventListener('error', uncaught));
    const stranger = new BroadcastChannel(`tabkeep:${name}`);
    cleanups.push(() => stranger.close());
    const wrap = (data: unknown): unknown => ({ type: 'message', time: Date.now() * 1000, data });
    const sound = { protocol: 1, from: 'stranger', seq: 1, changes: [saved('sound')] };
    for (const strange of ['text', null, {}, { type: 'leader' }, wrap('text'), wrap(null)]) {
      stranger.postMessage(strange);
    }
    for (const fields of [
      { protocol: 2 },
      { from: null },
      { seq: 0 },
      { changes: saved('a') },
      { changes: [saved('')] },
      { changes: [saved('a', 2 ** 53)] },
      { changes: [{ ...saved('a'), kind: 'wiped' }] },
      { changes: Array.from({ length: 1001 }, () => saved('a')) },
    ]) {
      stranger.postMessage(wrap({ ...sound, ...fields }));
    }
    // What comes last, and is sound, shows that the rest has arrived.
    stranger.postMessage(wrap(sound));
    await vi.waitFor(() => expect(heard).toEqual([saved('sound')]));
    expect(resync).not.toHaveBeenCalled();
    expect(onError).not.toHaveBeenCalled();
    expect(uncaught).not.toHaveBeenCalled();
  });

  it('R11: hears on after the page was put away and shown again, and has everything compared', async () => {
    const name = freshName();
    const here = connect(name);
    const { frame, sync } = await openFrame();
    const page = frame.contentWindow as Window & typeof globalThis;
    const there = connect(name, sync);
    there.resync.mockClear();
    page.dispatchEvent(new page.PageTransitionEvent('pagehide', { persisted: true }));
    here.connection.post([saved('missed')]);
    const witness = connect(name);
    here.connection.post([saved('heard by the witness')]);
    await vi.waitFor(() => expect(witness.heard).toHaveLength(2));
    expect(there.heard).toEqual([]);
    page.dispatchEvent(new page.PageTransitionEvent('pageshow', { persisted: true }));
    await vi.waitFor(() => expect(there.resync).toHaveBeenCalledTimes(1));
    here.connection.post([saved('again')]);
    await vi.waitFor(() => expect(there.heard).toEqual([saved('again')]));
  });

  it('sends what a page posts while it goes away', async () => {
    const name = freshName();
    const here = connect(name);
    const { frame, sync } = await openFrame();
    let post = (): void => {};
    frame.contentWindow?.addEventListener('pagehide', () => post());
    // Not closed afterwards: nothing of a context that is gone ever settles.
    const there = sync.connect({ name, receive() {}, resync() {}, onError() {} });
    post = () => there.post([saved('last')]);
    frame.src = URL.createObjectURL(new Blob(['elsewhere'], { type: 'text/html' }));
    await vi.waitFor(() => expect(here.heard).toEqual([saved('last')]));
  });

  it('leaves no channel and no listener behind', async () => {
    const listeners = [countListeners(window), countListeners(document)];
    const name = freshName();
    const { connection, heard } = connect(name);
    const other = connect(name);
    expect(listeners.every((count) => count() > 0)).toBe(true);
    await connection.close();
    other.connection.post([saved('a')]);
    await other.connection.close();
    expect(OPEN_BROADCAST_CHANNELS.size).toBe(0);
    expect(listeners.map((count) => count())).toEqual([0, 0]);
    expect(heard).toEqual([]);
  });
});
