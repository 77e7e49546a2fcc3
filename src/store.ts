/** `openStore`: puts the parts of a store together. */

import type { Backend } from './backend.js';
import { checkedStore } from './checked-store.js';
import { startEngine } from './engine.js';
import { sweep } from './many.js';
import { listeners } from './listeners.js';
import { checkOptions, type CheckedOptions } from './options.js';
import type { Change, Lead } from './ports.js';
import type { OpenStoreOptions, SessionStore } from './session.js';
import { shapeOf } from './shape.js';

/**
 * Opens a {@link SessionStore}. This is the bare form, with everything injected; `openStore` of `tabkeep` has the
 * defaults of a browser.
 *
 * Concurrency: any number of stores, in any number of tabs, may be open on one name
 *
 * @returns the store, once a backend is ready
 * @throws {@link SessionError} `STORE_UNAVAILABLE` when no backend opens; `STORE_BLOCKED` when another tab is in the way
 * @throws TypeError, RangeError when an option is not what it should be
 */
export async function openStore<Data>(
  options: OpenStoreOptions<Data>,
): Promise<SessionStore<Data>> {
  const checked = checkOptions(options);
  const shape = shapeOf<Data>(options);
  const { name, sync, sweeper, onError } = checked;
  const backend = await onlyBackend(checked);
  const engine = startEngine(checked, backend, shape, sweep);
  const { hub, isShared } = engine;
  const heard = listeners<[readonly Change[]]>(onError);
  const missed = listeners<[]>(onError);
  await backend.open({
    name,
    now: engine.rules.now,
    onError,
    onChange: (change) => hub.emit({ type: 'backend', ...change }),
    onReset: (reset) => hub.reset(reset),
    peers: sync
      ? {
          openChannel: sync.openChannel,
          onChanges: heard.subscribe,
          onResync: missed.subscribe,
        }
      : undefined,
  });
  engine.tabs = sync?.connect({
    name,
    receive(changes) {
      // The backend first: a cache in it must not answer the store's look with what it held before.
      heard.tell(changes);
      hub.received(changes);
    },
    resync() {
      missed.tell();
      hub.resync();
    },
    onError,
  });
  let stopSweeper: (() => Promise<void>) | undefined;
  const store = checkedStore(engine, () => stopSweeper?.());
  stopSweeper = sweeper?.start({
    name,
    get shared() {
      return isShared();
    },
    openChannel: sync?.openChannel,
    // Not the app's own sweep: that one goes on when the lead is lost.
    sweep: engine.guard((lead?: Lead) => sweep(engine, lead)),
    onError,
  });
  return store;
}

/** A list becomes one backend. What chooses among them is fetched only by those who have a list. */
async function onlyBackend({ backends, clock }: CheckedOptions): Promise<Backend> {
  const [first, ...others] = backends;
  if (first !== undefined && others.length === 0) return first;
  const { fallbackBackend } = await import('./stores/fallback.js');
  return fallbackBackend(backends, { clock });
}
