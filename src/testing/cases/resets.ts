/** A store that is wiped past the library, as browsers do. */

import type { LiveSession, SessionStore, StoreEvent } from '../../session.js';
import { codeOf, refusalOf } from '../outcome.js';
import { bump } from '../two-tabs.js';
import { namespace, type Define, type Trial } from '../trial.js';

type Reset = Extract<StoreEvent, { readonly type: 'reset' }>;

interface Tab {
  readonly store: SessionStore<number>;
  /** The resets that it was told of. */
  readonly resets: readonly Reset[];
}

async function openTab(trial: Trial): Promise<Tab> {
  const store = await trial.store<number>();
  const heard: Reset[] = [];
  store.subscribe((event) => {
    if (event.type === 'reset') heard.push(event);
  });
  return { store, resets: heard };
}

/** Makes a store work, so that it meets what there is. */
async function work({ store }: Tab): Promise<void> {
  await store.delete('nobody');
}

interface Wiped {
  readonly here: Tab;
  /** Another tab, if one sees the same records. */
  readonly there: Tab;
  /** A view over there of session `a`, at version 3 and with data 2 when it was lost. */
  readonly view: LiveSession<number>;
  /** The versions that the view showed since. */
  readonly shown: readonly number[];
}

/** Adds cases about what is left after a wipe. Where nothing can be wiped from outside there is nothing to notice. */
function wipedDefine(
  define: Define,
): (title: string, run: (trial: Trial, wiped: Wiped) => Promise<void>) => void {
  return (title, run) =>
    define(title, async (trial) => {
      const here = await openTab(trial);
      const there = await openTab(trial);
      await here.store.create(0, { id: 'a' });
      for (let i = 0; i < 2; i++) await here.store.update('a', bump);
      await trial.catchUp();
      const view = (await there.store.open('a'))!;
      const shown: number[] = [];
      view.subscribe(() => shown.push(view.version));
      if (trial.place.wipe === undefined) {
        await work(here);
        trial.expect([here.resets, view.status]).toEqual([[], 'active']);
        return;
      }
      await trial.place.wipe(namespace);
      await run(trial, { here, there, view, shown });
    });
}

export function resets(define: Define): void {
  const defineWiped = wipedDefine(define);

  defineWiped('R16 a wiped store is told of once, in each tab', async (trial, { here, there }) => {
    for (const tab of [here, there, here, there]) await work(tab);
    await trial.idle();
    trial.expect([here.resets.length, there.resets.length]).toEqual([1, 1]);
    trial.expect(here.resets).toEqual(there.resets);
    const [{ epoch, previous }] = here.resets as [Reset];
    trial
      .expect([epoch.length > 0, previous.length > 0, epoch === previous])
      .toEqual([true, true, false]);
  });

  defineWiped(
    'R16 each wipe is told of, as a loss of the store before',
    async (trial, { here }) => {
      for (let i = 0; i < 3; i++) {
        await work(here);
        await here.store.create(i, { id: 'another' });
        await trial.catchUp();
        await trial.place.wipe!(namespace);
      }
      await work(here);
      const epochs = here.resets.map(({ epoch }) => epoch);
      trial.expect(new Set(epochs).size).toBe(4);
      trial
        .expect(here.resets.slice(1).map(({ previous }) => previous))
        .toEqual(epochs.slice(0, 3));
    },
  );

  defineWiped('R16 it is told before an absence is answered', async (trial, { here }) => {
    let knew: number | undefined;
    const loaded = here.store.load('never was').then(() => (knew = here.resets.length));
    await loaded;
    trial.expect(knew).toBe(1);
  });

  defineWiped('R16 no write goes on from what was lost', async (trial, { here, there }) => {
    const refusal = await refusalOf(here.store.saveIfVersion('a', 9, 3));
    trial
      .expect([refusal.code, refusal.expected, refusal.actual, refusal.current, here.resets.length])
      .toEqual(['VERSION_CONFLICT', 3, 0, undefined, 1]);
    trial.expect(await codeOf(there.store.update('a', bump))).toBe('SESSION_NOT_FOUND');
    trial.expect(there.resets.length).toBe(1);
    trial.expect(await here.store.load('a')).toBe(undefined);
  });

  defineWiped(
    'R16 a view of a wiped store is reset and has not ended; it says so once, and keeps its data',
    async (trial, { there, view, shown }) => {
      await work(there);
      await trial.until('the view is reset', () => view.status === 'reset');
      trial.expect(await codeOf(view.update(bump))).toBe('SESSION_NOT_FOUND');
      trial.expect(await codeOf(view.set(9))).toBe('VERSION_CONFLICT');
      await view.touch();
      await view.reload();
      trial.tabs.resync();
      await trial.idle();
      trial.expect([view.status, view.data, view.version, shown]).toEqual(['reset', 2, 3, [3]]);
      trial.expect([await view.end(), await there.store.load('a')]).toEqual([false, undefined]);
    },
  );

  defineWiped(
    'R16 a view goes on when its session is stored again, and not with an older version',
    async (trial, { here, there, view, shown }) => {
      await work(there);
      await trial.until('the view is reset', () => view.status === 'reset');
      await here.store.create(10, { id: 'a' });
      await here.store.update('a', bump);
      await trial.catchUp();
      await view.reload();
      trial.expect([view.status, view.version, view.data]).toEqual(['reset', 3, 2]);
      await here.store.update('a', bump);
      await trial.catchUp();
      // Of a backend that only its own tab sees no message is sent.
      await view.reload();
      await trial.until('the view goes on', () => view.status === 'active');
      trial.expect([view.version, view.data, shown]).toEqual([3, 12, [3, 3]]);
      await view.update(bump);
      trial.expect([view.version, view.data]).toEqual([4, 13]);
    },
  );

  define('R16 what is not wiped tells no reset', async (trial) => {
    const [here, there] = [await openTab(trial), await openTab(trial)];
    await here.store.create(0, { id: 'a' });
    await trial.catchUp();
    await there.store.clear();
    await trial.catchUp();
    await here.store.create(0, { id: 'b' });
    await trial.catchUp();
    await there.store.delete('b');
    const later = await openTab(trial);
    for (const tab of [here, there, later]) await work(tab);
    trial.tabs.resync();
    await trial.idle();
    trial.expect([...here.resets, ...there.resets, ...later.resets]).toEqual([]);
  });
}
