import { expect, test, vi } from 'vitest';
import { backendOver } from '../test/backend-over.js';
import type { BackendContext, StoreReset } from './backend.js';
import { openStore } from './core.js';
import type { SessionStore, StoreEvent } from './session.js';
import { memoryBackend } from './stores/memory.js';

const reset: StoreReset = { epoch: 'two', previous: 'one' };

/** A store whose backend has found itself wiped while it opened. */
async function openWiped(): Promise<{ store: SessionStore<unknown>; context: BackendContext }> {
  let context: BackendContext | undefined;
  const inner = memoryBackend();
  const backend = backendOver(inner, {
    async open(given) {
      context = given;
      await inner.open(given);
      given.onReset(reset);
    },
  });
  const store = await openStore({ name: 'shop', backend });
  return { store, context: context! };
}

test('R16 a reset that was found while the store opened is told to who subscribes first', async () => {
  const { store, context } = await openWiped();
  const events: StoreEvent[] = [];
  const [first, second] = [store, store].map((each) =>
    each.subscribe((event) => events.push(event)),
  );
  expect(events).toEqual([]);
  await Promise.resolve();
  expect(events).toEqual([
    { type: 'reset', ...reset },
    { type: 'reset', ...reset },
  ]);
  second!();
  const late = vi.fn<(event: StoreEvent) => void>();
  store.subscribe(late);
  await Promise.resolve();
  expect(late).not.toHaveBeenCalled();
  context.onReset({ epoch: 'three', previous: 'two' });
  expect([events.length, late.mock.calls.length]).toEqual([3, 1]);
  first!();
  await store.close();
});

test('R16 a closed store tells nothing of its backend, which others may go on using', async () => {
  const { store, context } = await openWiped();
  const listener = vi.fn<(event: StoreEvent) => void>();
  store.subscribe(listener);
  await Promise.resolve();
  await store.close();
  context.onReset({ epoch: 'three', previous: 'two' });
  expect(listener).toHaveBeenCalledTimes(1);
});
