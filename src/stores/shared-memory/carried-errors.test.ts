/** Data that could harm others on its way to them. */

import { expect, test } from 'vitest';
import { MemoryTabs, type MemoryTab } from '../../../test/memory-tabs.js';
import type { SessionStore } from '../../session.js';
import { openStore } from '../../store.js';

interface Failed {
  readonly error: Error;
}

async function openOn({ backend }: MemoryTab): Promise<SessionStore<Failed>> {
  return openStore<Failed>({ name: 'shop', backend });
}

test('R12 R16 an error whose name is no text is stored as one, and destroys nothing', async () => {
  const tabs = new MemoryTabs();
  const [one, other] = [await openOn(tabs.tab()), await openOn(tabs.tab())];
  const resets: unknown[] = [];
  for (const store of [one, other]) {
    store.subscribe((event) => event.type === 'reset' && resets.push(event));
  }
  await one.create({ error: new Error('old') }, { id: 'old' });
  const error = Object.assign(new Error('It is gone.'), { name: 404 as unknown as string });
  await one.create({ error }, { id: 'strange' });
  await tabs.pass(10_000);
  for (const store of [one, other]) {
    expect((await store.load('old'))?.data.error.message).toBe('old');
    const found = await store.load('strange');
    expect([found?.data.error.name, found?.data.error.message]).toEqual(['404', 'It is gone.']);
  }
  expect(resets).toEqual([]);
  await Promise.all([one.close(), other.close()]);
});
