import { describe, expect, test } from 'vitest';
import type { LiveRecord } from './backend.js';
import type { ChangeHub, Watcher } from './change-hub.js';
import { startEngine } from './engine.js';
import { liveView } from './live-view.js';
import { checkOptions } from './options.js';
import { payloadOf } from './payload.js';
import type { LiveSession, SessionStore } from './session.js';
import { shapeOf } from './shape.js';
import { memoryBackend } from './stores/memory.js';
import { fakeClock } from './testing/index.js';
import { live, tombstone } from './testing/records.js';

test('R6 a touch that is read late does not take back what a later one has extended', async () => {
  const clock = fakeClock(0);
  const options = checkOptions({ name: 'shop', backend: memoryBackend(), clock });
  const engine = startEngine<unknown>(options, memoryBackend(), shapeOf({}), async () => 0);
  let watcher: Watcher | undefined;
  const hub = {
    ...engine.hub,
    watch: (view: Watcher) => {
      watcher = view;
      return () => {};
    },
  };
  const touched = (expiresAt: number): LiveRecord => ({ ...live('a'), expiresAt });
  const first = engine.shape.present(touched(1000));
  const view = liveView({} as SessionStore<unknown>, { ...engine, hub }, first);

  for (const expiresAt of [3000, 2000]) watcher?.see(touched(expiresAt));
  await clock.advance(0);

  expect(view.expiresAt).toBe(3000);
});

describe('R16: a view of a wiped store', () => {
  interface Watched {
    readonly view: LiveSession<unknown>;
    readonly watcher: Watcher;
    readonly shown: () => number;
    readonly errors: unknown[];
    /** What is stored: a record, nothing, or an error. */
    stored: LiveRecord | undefined | Error;
  }

  function watched(): Watched {
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    const options = checkOptions({ name: 'shop', backend: memoryBackend(), onError });
    const engine = startEngine<unknown>(options, memoryBackend(), shapeOf({}), async () => 0);
    let watcher: Watcher;
    const hub: ChangeHub = {
      ...engine.hub,
      watch(one) {
        watcher = one;
        return () => {};
      },
    };
    const read = async (): Promise<LiveRecord | undefined> => {
      if (all.stored instanceof Error) throw all.stored;
      return all.stored;
    };
    const first = engine.shape.present(live('a', { version: 3 }));
    const view = liveView({} as SessionStore<unknown>, { ...engine, hub, read }, first);
    let tellings = 0;
    view.subscribe(() => tellings++);
    const all: Watched = {
      view,
      watcher: watcher!,
      shown: () => tellings,
      errors,
      stored: undefined,
    };
    return all;
  }

  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  test('says so once, however often it is told', async () => {
    const { view, watcher, shown } = watched();
    watcher.lost();
    watcher.lost();
    await turn();
    watcher.lost();
    await turn();
    expect([view.status, view.version, shown()]).toEqual(['reset', 3, 1]);
    expect(watcher.expiresAt).toBeNull();
  });

  test('whose session is there again by then goes on', async () => {
    const all = watched();
    all.stored = live('a', { version: 4 });
    all.watcher.lost();
    await turn();
    expect([all.view.status, all.view.version, all.shown()]).toEqual(['active', 4, 1]);
  });

  test('takes an older version that somebody has stored for no return', async () => {
    const all = watched();
    all.stored = live('a', { version: 2 });
    all.watcher.lost();
    await turn();
    all.watcher.see(live('a', { version: 2 }));
    await turn();
    expect([all.view.status, all.view.version, all.shown()]).toEqual(['reset', 3, 1]);
    all.watcher.see(live('a', { version: 3, data: payloadOf('restored') }));
    await turn();
    expect([all.view.status, all.view.data, all.shown()]).toEqual(['active', 'restored', 2]);
  });

  test('that cannot be read is in doubt until it can', async () => {
    const all = watched();
    all.stored = new Error('no');
    all.watcher.lost();
    await turn();
    expect([all.view.status, all.errors]).toEqual(['active', [all.stored]]);
    all.stored = undefined;
    await all.view.reload();
    expect(all.view.status).toBe('reset');
  });

  test('that was signed out has ended', async () => {
    const { view, watcher } = watched();
    watcher.lost();
    await turn();
    watcher.see(tombstone('a', { version: 1 }));
    await turn();
    expect(view.status).toBe('ended');
    watcher.lost();
    await turn();
    expect(view.status).toBe('ended');
  });
});
