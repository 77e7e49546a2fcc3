import { expect, test } from 'vitest';
import { nextTurn } from '../environment.js';
import type { Change, TabSyncConnection } from '../ports.js';
import { simulatedTabs, type SimulatedTabs } from './simulated-tabs.js';

interface Tab {
  readonly connection: TabSyncConnection;
  readonly heard: string[];
  /** How often it was told that it may have missed something. */
  readonly resyncs: () => number;
}

function openTab(tabs: SimulatedTabs, name = 'shop'): Tab {
  const heard: string[] = [];
  let resyncs = 0;
  const connection = tabs.tab().connect({
    name,
    receive: (changes) => void heard.push(...changes.map(({ id }) => id)),
    resync: () => void resyncs++,
    onError: (error) => {
      throw error;
    },
  });
  return { connection, heard, resyncs: () => resyncs };
}

const change = (id: string): Change => ({ id, version: 1, kind: 'saved' });

async function post({ connection }: Tab, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    connection.post([change(id)]);
    await nextTurn();
    await nextTurn();
  }
}

test('every other tab of the namespace hears, and nobody else', async () => {
  const tabs = simulatedTabs();
  const [one, two, three, stranger] = [
    openTab(tabs),
    openTab(tabs),
    openTab(tabs),
    openTab(tabs, 'other'),
  ];
  await post(one, 'a');
  expect([one, two, three, stranger].map(({ heard }) => heard)).toEqual([[], ['a'], ['a'], []]);
  await three.connection.close();
  await post(one, 'b');
  expect([two.heard, three.heard]).toEqual([['a', 'b'], ['a']]);
});

test('held messages are delivered late, doubled, turned round', async () => {
  const tabs = simulatedTabs();
  const [one, two] = [openTab(tabs), openTab(tabs)];
  tabs.hold();
  await post(one, 'a', 'b');
  expect([tabs.waiting, two.heard]).toEqual([2, []]);
  tabs.duplicate();
  tabs.reverse();
  await tabs.deliver();
  expect([tabs.waiting, two.heard]).toEqual([0, ['b', 'b', 'a', 'a']]);
  await post(one, 'c');
  expect(two.heard.at(-1)).toBe('c');
});

test('a lost message leaves a gap, which the next one shows', async () => {
  const tabs = simulatedTabs();
  const [one, two] = [openTab(tabs), openTab(tabs)];
  await post(one, 'a');
  const before = two.resyncs();
  tabs.hold();
  await post(one, 'lost');
  tabs.drop();
  await tabs.deliver();
  expect([two.heard, two.resyncs()]).toEqual([['a'], before]);
  await post(one, 'c');
  expect([two.heard, two.resyncs()]).toEqual([['a', 'c'], before + 1]);
});

test('waking up is told to every tab that is open', () => {
  const tabs = simulatedTabs();
  const [one, two] = [openTab(tabs), openTab(tabs)];
  void two.connection.close();
  tabs.resync();
  expect([one.resyncs(), two.resyncs()]).toEqual([1, 0]);
});

test('a stranger can send anything, and is heard where it speaks the protocol', async () => {
  const tabs = simulatedTabs();
  const one = openTab(tabs);
  await tabs.send('shop', { protocol: 2, from: 'x', seq: 1, changes: [change('a')] });
  await tabs.send('shop', 'garbage');
  expect(one.heard).toEqual([]);
  await tabs.send('shop', { protocol: 1, from: 'x', seq: 1, changes: [change('a')] });
  expect(one.heard).toEqual(['a']);
});
