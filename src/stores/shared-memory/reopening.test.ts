/** A backend object that is closed and opened again, a page that is put away and shown again: also where that goes wrong. */

import { describe, expect, test } from 'vitest';
import { MemoryTabs, type MemoryTab } from '../../../test/memory-tabs.js';
import type { BackendContext, StoreReset } from '../../backend.js';
import type { OpenChannel } from '../../ports.js';
import { live, put, tombstone } from '../../testing/records.js';
import { MemoryBackend } from '../memory-backend.js';

/** The backend of a tab over a channel that fails where that is wanted. */
function memoryOver(
  { locks, page, context, tabs }: MemoryTab,
  openChannel: OpenChannel,
): { readonly memory: MemoryBackend; readonly context: BackendContext } {
  const { clock } = tabs;
  const peers = { openChannel, onChanges: () => () => {}, onResync: () => () => {} };
  return {
    memory: new MemoryBackend({ locks: () => locks, clock, page: () => page }),
    context: { ...context, peers },
  };
}

describe('stores that share one backend object', () => {
  test('R16 each hears that the records are lost', async () => {
    const tabs = new MemoryTabs();
    const tab = await tabs.open();
    const resets: StoreReset[] = [];
    await tab.backend.open({ ...tab.context, onReset: (reset) => resets.push(reset) });
    await put(tab.backend, live('a'));
    tab.freeze();
    await tabs.open();
    tab.wake();
    await tabs.pass(100);
    expect(tab.resets).toHaveLength(1);
    expect(resets).toEqual(tab.resets);
  });

  test('one may open in the tick in which the last one closes', async () => {
    const tabs = new MemoryTabs();
    const { backend, context } = await tabs.open();
    await put(backend, live('a'));
    const opening = backend.open(context);
    await backend.close();
    await opening;
    expect((await backend.read('a'))?.version).toBe(1);
    const closing = backend.close();
    await Promise.all([backend.open(context), closing]);
    expect((await backend.read('a'))?.version).toBe(1);
    await backend.close();
    await expect(backend.read('a')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(tabs.ends.size).toBe(0);
  });

  test('two that open while it closes have one memory', async () => {
    const tabs = new MemoryTabs();
    const { backend, context } = await tabs.open();
    const closing = backend.close();
    const openings = [backend.open(context), backend.open(context)];
    await closing;
    await Promise.all(openings);
    expect(tabs.ends.size).toBe(1);
    await backend.close();
    await put(backend, live('a'));
    expect((await backend.read('a'))?.version).toBe(1);
  });
});

describe('a channel that fails', () => {
  test('R15 when it closes is told, and keeps nobody from opening again', async () => {
    const tabs = new MemoryTabs();
    const tab = tabs.tab();
    const failure = new Error('It does not close.');
    const failures = [failure];
    const { memory, context } = memoryOver(tab, (name, receive) => {
      const channel = tab.openChannel(name, receive);
      return {
        post: (message) => channel.post(message),
        async close() {
          await channel.close();
          const next = failures.pop();
          if (next !== undefined) throw next;
        },
      };
    });
    await memory.open(context);
    await put(memory, live('a'));
    await expect(memory.close()).rejects.toBe(failure);
    expect(memory.capabilities.shared).toBe('tab');
    await memory.open(context);
    failures.push(failure);
    const closing = memory.close();
    await Promise.all([expect(closing).rejects.toBe(failure), memory.open(context)]);
    expect(memory.capabilities.shared).toBe('origin');
    expect((await memory.read('a'))?.version).toBe(1);
    await memory.close();
  });

  test('R8 R15 when the page is shown again refuses everything, until it opens', async () => {
    const tabs = new MemoryTabs();
    const other = await tabs.open();
    const tab = tabs.tab();
    const refusal = new DOMException('No.', 'SecurityError');
    let isRefused = false;
    const { memory, context } = memoryOver(tab, (name, receive) => {
      if (isRefused) throw refusal;
      return tab.openChannel(name, receive);
    });
    await memory.open(context);
    await put(memory, live('a'));
    tab.page.dispatchEvent(new Event('pagehide'));
    await put(other.backend, live('a', { version: 2 }));
    isRefused = true;
    tab.page.dispatchEvent(new Event('pageshow'));
    const outcomes: unknown[] = [];
    for (const work of [memory.read('a'), put(memory, live('b'))]) {
      work.catch((error: unknown) => outcomes.push(error));
    }
    await tabs.pass(60_000);
    const told = { code: 'STORE_UNAVAILABLE', cause: refusal };
    expect(outcomes).toMatchObject([told, told]);
    expect(tab.errors[0]).toMatchObject(told);
    isRefused = false;
    expect((await memory.read('a'))?.version).toBe(2);
    await put(memory, live('b'));
    expect((await other.backend.read('b'))?.version).toBe(1);
  });
});

describe('a backend that is opened again where it cannot be shared', () => {
  const refuse = (): Promise<never> => Promise.reject(new DOMException('No.', 'SecurityError'));
  const without: readonly (readonly [string, LockManager | undefined])[] = [
    ['there are no locks', undefined],
    ['the locks refuse', { request: refuse, query: refuse }],
  ];

  test.each(without)('R4 has nothing that others may have ended: %s', async (_, locks) => {
    const tabs = new MemoryTabs();
    let isShared = true;
    const one: MemoryTab = tabs.tab({ locks: () => (isShared ? one.locks : locks) });
    await one.backend.open(one.context);
    const other = await tabs.open();
    await put(one.backend, live('s'));
    await one.backend.close();
    await put(other.backend, tombstone('s', { version: 2 }));
    isShared = false;
    await one.backend.open(one.context);
    expect(one.backend.capabilities.shared).toBe('tab');
    expect(await one.backend.read('s')).toBe(undefined);
  });

  test.each(without)('has its own records where nobody else had them: %s', async (_, locks) => {
    const tabs = new MemoryTabs();
    let isShared = true;
    const one: MemoryTab = tabs.tab({ locks: () => (isShared ? one.locks : locks) });
    await one.backend.open(one.context);
    await put(one.backend, live('s'));
    await one.backend.close();
    isShared = false;
    await one.backend.open(one.context);
    expect((await one.backend.read('s'))?.version).toBe(1);
  });
});
