import { expect, test } from 'vitest';
import { Disk, FakeBackend, refuse } from '../../test/fake-backend.js';
import { FakeTab } from '../../test/fake-tab.js';

const minute = 60_000;

test('R15: each store that shares it is told of a move to a better backend', async () => {
  const [tab, other] = [new FakeTab(), new FakeTab()];
  const better = new FakeBackend('first', new Disk());
  better.before = refuse('open').before;
  const backend = await tab.opened(better, new FakeBackend('second', new Disk()));
  await backend.open(other.context);
  better.before = () => {};
  await tab.clock.advance(minute);
  const told = tab.told();
  await backend.read('a');
  await told;
  const change = { name: 'first', previous: 'second', reason: undefined };
  expect(tab.changes.slice(1)).toEqual([change]);
  expect(other.changes).toEqual([change]);
});
