import { expect, test } from 'vitest';
import { capabilities, codec, contextOf, intercepted, pass } from '../../test/key-value-fixture.js';
import { virtualClock } from '../../test/virtual-clock.js';
import type { Backend, StoreReset } from '../backend.js';
import type { Clock } from '../clock.js';
import { simulateOrigin, type SimulatedOrigin, type SimulatedTab } from '../testing/index.js';
import { increment } from '../testing/records.js';
import type { Witness } from './epoch.js';
import { KeyValueBackend } from './key-value.js';
import { patience } from './fence.js';
import { storageAreaStore } from './storage-area.js';

const epochKey = 'tabkeep:shop:epoch';

interface World {
  readonly clock: Clock;
  readonly origin: SimulatedOrigin;
  /** Whether there is no room for an epoch. */
  isFull: boolean;
}

interface Tab extends SimulatedTab {
  readonly backend: Backend;
  readonly resets: StoreReset[];
}

function world(): World {
  const clock = virtualClock();
  return { clock, origin: simulateOrigin({ clock }), isFull: false };
}

/** @param witness - says what it always says: a browser that is killed may bring an old one back */
async function openTab(at: World, witness?: string): Promise<Tab> {
  const tab = at.origin.openTab();
  const storage = intercepted(tab.storage, (method, key) => {
    if (method !== 'setItem' || key !== epochKey || !at.isFull) return;
    throw Object.assign(new Error('full'), { name: 'QuotaExceededError' });
  });
  const stale: Witness = { read: () => witness, write: () => {} };
  const backend = new KeyValueBackend({
    name: 'simulated',
    capabilities: () => capabilities,
    find: async () => ({
      keyValue: storageAreaStore(storage),
      area: 'simulated',
      witness: witness === undefined ? undefined : () => stale,
    }),
    locks: () => tab.locks,
    codec,
    clock: at.clock,
    monotonic: () => at.clock.now(),
  });
  const resets: StoreReset[] = [];
  await backend.open({ ...contextOf(at.clock), onReset: (reset) => resets.push(reset) });
  return { ...tab, backend, resets };
}

const idIn = ({ storage }: Tab): string =>
  (JSON.parse(storage.getItem(epochKey)!) as { id: string }).id;

test('R16: an epoch that found no room keeps nobody waiting for its commit', async () => {
  const at = world();
  const writer = await openTab(at);
  await writer.backend.transact(['a'], increment('a'));
  at.origin.settle();
  at.isFull = true;
  const reader = await openTab(at, 'an older store');
  expect(await reader.backend.read('a')).toMatchObject({ version: 1 });
  while (reader.resets.length === 0) await pass(at.clock, 100);
  const begun = at.clock.now();
  expect(await writer.backend.transact(['a'], increment('a'))).toBe(2);
  expect(at.clock.now() - begun).toBeLessThan(patience / 2);
});

test('R16: each tab tells of one wipe once, though each had an epoch in mind that found no room', async () => {
  const at = world();
  const tabs = [await openTab(at), await openTab(at)];
  for (const { backend } of tabs) await backend.transact(['a'], increment('a'));
  at.origin.settle();
  const previous = idIn(tabs[0]!);
  at.isFull = true;
  tabs[0]!.storage.clear();
  at.origin.settle();
  for (const { backend } of tabs) {
    await backend.read('a');
    at.origin.settle();
  }
  at.isFull = false;
  for (const { backend } of tabs) {
    await backend.transact(['a'], increment('a'));
    at.origin.settle();
  }
  const lost = { epoch: expect.any(String), previous };
  expect(tabs.map(({ resets }) => resets)).toEqual([[lost], [lost]]);
  expect(await tabs[0]!.backend.read('a')).toMatchObject({ version: 2 });

  // One that comes later is told of as well, by its own names.
  const again = idIn(tabs[0]!);
  tabs[0]!.storage.clear();
  at.origin.settle();
  for (const { backend } of tabs) {
    await backend.transact(['a'], increment('a'));
    at.origin.settle();
  }
  for (const { resets } of tabs) {
    expect(resets.slice(1)).toEqual([{ epoch: idIn(tabs[0]!), previous: again }]);
  }
});
