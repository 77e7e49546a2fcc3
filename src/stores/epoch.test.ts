import { describe, expect, test } from 'vitest';
import type { StoreReset } from '../backend.js';
import { EpochWatch, newEpoch, parseEpoch } from './epoch.js';

/** A tab that meets one store after another. */
function tab(): { readonly watch: EpochWatch; readonly told: StoreReset[] } {
  const told: StoreReset[] = [];
  return { watch: new EpochWatch((reset) => told.push(reset)), told };
}

const store = (id: string, ...told: string[]) => ({ id, told });

describe('R16: a tab that meets a store', () => {
  test('for the first time, without a witness, knows nothing that could be lost', () => {
    const { watch, told } = tab();
    expect(watch.meet(store('one'))).toBeUndefined();
    expect([watch.known, told]).toEqual(['one', []]);
  });

  test('as the witness says tells nothing', () => {
    const { watch, told } = tab();
    expect(watch.meet(store('one'), 'one')).toBeUndefined();
    expect(told).toEqual([]);
  });

  test('that the witness does not know tells of the one that is lost, and has it noted', () => {
    const { watch, told } = tab();
    expect(watch.meet(store('two'), 'one')).toEqual(store('two', 'one'));
    expect(told).toEqual([{ epoch: 'two', previous: 'one' }]);
    expect(watch.meet(store('two', 'one'), 'one')).toBeUndefined();
    expect(told).toHaveLength(1);
  });

  test('of which an old witness has come back tells nothing that was told before', () => {
    const { watch, told } = tab();
    expect(watch.meet(store('two', 'one'), 'one')).toBeUndefined();
    expect([watch.known, told]).toEqual(['two', []]);
  });

  test('another than the one it knew tells so, whoever was told before', () => {
    const { watch, told } = tab();
    watch.meet(store('one'));
    expect(watch.meet(store('two', 'one'))).toEqual(store('two', 'one'));
    expect(watch.meet(store('three'), 'two')).toEqual(store('three', 'two'));
    expect(told).toEqual([
      { epoch: 'two', previous: 'one' },
      { epoch: 'three', previous: 'two' },
    ]);
  });

  test('remembers the last losses, not all of them', () => {
    const { watch } = tab();
    const before = Array.from({ length: 16 }, (_, i) => `old ${i}`);
    const noted = watch.meet(store('new', ...before), 'lost');
    expect(noted?.told).toEqual([...before.slice(1), 'lost']);
  });
});

test('R16: every epoch is another, and what is none is none', () => {
  expect(newEpoch().id).not.toBe(newEpoch().id);
  expect(parseEpoch({ key: 'epoch', ...newEpoch() })).toMatchObject({ told: [] });
  for (const value of [undefined, null, 'text', 7, {}, { id: 7, told: [] }, { id: 'one' }]) {
    expect(parseEpoch(value)).toBeUndefined();
  }
});
