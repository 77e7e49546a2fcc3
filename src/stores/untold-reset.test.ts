import { expect, test } from 'vitest';
import { backendOver } from '../../test/backend-over.js';
import { Disk, FakeBackend, live, put, refuse } from '../../test/fake-backend.js';
import { FakeTab } from '../../test/fake-tab.js';
import type { Backend, StoreReset } from '../backend.js';

const minute = 60_000;
const reset: StoreReset = { epoch: 'new', previous: 'old' };

/** Finds out that it was wiped when it opens first, as those that remember what they have told. */
function wiped(fake: FakeBackend): Backend {
  let isTold = false;
  return backendOver(fake, {
    async open({ onReset }) {
      await fake.open();
      if (!isTold) onReset(reset);
      isTold = true;
    },
  });
}

test('R16: a reset that a backend told at a vain attempt is told when it is used after all, once', async () => {
  const tab = new FakeTab();
  const better = new FakeBackend('first', new Disk());
  better.before = refuse('transact').before;
  const backend = await tab.opened(wiped(better), new FakeBackend('second', new Disk()));
  expect([backend.name, tab.resets]).toEqual(['second', []]);
  better.before = () => undefined;
  await tab.clock.advance(minute);
  const moved = tab.told();
  await put(backend, live('a'));
  await moved;
  expect([backend.name, tab.resets]).toEqual(['first', [reset]]);
  await backend.close();
  await backend.open(tab.context);
  expect([backend.name, tab.resets]).toEqual(['first', [reset]]);
});

test('R16: such a reset is told at a later visit, but to no store of another name', async () => {
  for (const [name, resets] of [
    ['test', [reset]],
    ['other', []],
  ] as const) {
    const tab = new FakeTab();
    const better = new FakeBackend('first', new Disk());
    better.before = refuse('transact').before;
    const backend = await tab.opened(wiped(better), new FakeBackend('second', new Disk()));
    await backend.close();
    better.before = () => undefined;
    await backend.open({ ...tab.context, name });
    expect([backend.name, tab.resets]).toEqual(['first', resets]);
  }
});
