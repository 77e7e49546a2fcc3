import { expect, test } from 'vitest';
import { backendOver } from '../../test/backend-over.js';
import { Disk, FakeBackend, live, put, refuse } from '../../test/fake-backend.js';
import { FakeTab } from '../../test/fake-tab.js';
import type { Backend, BackendContext, StoreReset } from '../backend.js';

const minute = 60_000;

interface Wiped {
  readonly backend: Backend;
  readonly fake: FakeBackend;
  /** Tells of a wipe whoever has it open. */
  readonly wipe: (reset: StoreReset) => void;
}

/** @param whileOpening - what it finds out while it opens */
function wipeable(fake: FakeBackend, whileOpening?: StoreReset): Wiped {
  let context: BackendContext | undefined;
  const backend = backendOver(fake, {
    async open(given) {
      await fake.open();
      context = given;
      if (whileOpening !== undefined) given.onReset(whileOpening);
    },
  });
  return { backend, fake, wipe: (reset) => context?.onReset(reset) };
}

const reset = (epoch: string): StoreReset => ({ epoch, previous: `before ${epoch}` });

test('R16: a backend that is used tells, while it opens as well as later, each store that shares it', async () => {
  const [tab, other] = [new FakeTab(), new FakeTab()];
  const used = wipeable(new FakeBackend('first', new Disk()), reset('one'));
  const backend = await tab.opened(used.backend);
  await backend.open(other.context);
  used.wipe(reset('two'));
  expect(tab.resets).toEqual([reset('one'), reset('two')]);
  expect(other.resets).toEqual([reset('two')]);
});

test('R16: one that is only looked into, or is not used any more, tells nobody', async () => {
  const tab = new FakeTab();
  const worse = wipeable(new FakeBackend('second', new Disk()), reset('one'));
  const backend = await tab.opened(new FakeBackend('first', new Disk()), worse.backend);
  worse.wipe(reset('two'));
  await backend.close();
  expect([tab.resets, tab.errors]).toEqual([[], []]);
});

test('R16: one that does not take the trial write has told for nothing', async () => {
  const tab = new FakeTab();
  const first = wipeable(new FakeBackend('first', new Disk()), reset('one'));
  first.fake.before = refuse('transact').before;
  await tab.opened(first.backend, new FakeBackend('second', new Disk()));
  expect(tab.resets).toEqual([]);
});

test('R16: a better one that is back tells of what it has lost meanwhile, and the worse one no more', async () => {
  const tab = new FakeTab();
  const better = wipeable(new FakeBackend('first', new Disk()), reset('one'));
  const worse = wipeable(new FakeBackend('second', new Disk()));
  better.fake.before = refuse('open').before;
  const backend = await tab.opened(better.backend, worse.backend);
  worse.wipe(reset('two'));
  expect(tab.resets).toEqual([reset('two')]);
  better.fake.before = () => undefined;
  await tab.clock.advance(minute);
  const moved = tab.told();
  await put(backend, live('a'));
  await moved;
  worse.wipe(reset('three'));
  expect(tab.resets).toEqual([reset('two'), reset('one')]);
});
