/** Sessions that several tabs work on at random. */

import { expect } from 'vitest';
import { isSessionError } from '../src/errors.js';
import type { LiveSession, SessionStore, Ttl } from '../src/session.js';

/** What chance decides with. */
export interface Dice {
  /** A whole number from 0 up to `below`. */
  readonly roll: (below: number) => number;
  readonly pick: <Value>(values: readonly Value[]) => Value;
}

export function diceOf(random: () => number): Dice {
  const roll = (below: number): number => Math.floor(random() * below);
  return { roll, pick: (values) => values[roll(values.length)]! };
}

/** One tab with what it has open. */
export interface RandomTab {
  readonly store: SessionStore<number>;
  readonly views: { readonly first: string; readonly view: LiveSession<number> }[];
}

/** All ids that may be there, the rotated ones too. */
export interface Ids {
  readonly all: string[];
}

const owners = ['ann', 'bob'];

/** One thing that a tab does. Whatever a rule refuses is refused; anything else that is thrown is a failure. */
export async function doSomething(
  { store, views }: RandomTab,
  { all }: Ids,
  dice: Dice,
  ttl: () => Ttl | undefined,
): Promise<void> {
  const id = dice.pick(all);
  const owner = dice.pick(owners);
  const work: readonly (() => Promise<unknown>)[] = [
    () => store.create(0, { id, owner, ttl: ttl() }),
    () => store.create(0, { id, owner, ttl: ttl() }),
    () => store.save(id, dice.roll(100)),
    () => store.update(id, (count) => count + 1),
    () => store.update(id, (count) => count + 1, { owner }),
    () => store.touch(id),
    async () => {
      const successor = `${id}'`;
      await store.rotate(id, { id: successor });
      all.push(successor);
    },
    () => (dice.roll(3) === 0 ? store.delete(id) : store.load(id)),
    () => store.sweep(),
    async () => {
      const view = await store.open(id);
      if (view !== undefined) views.push({ first: id, view });
    },
    async () => dice.roll(2) === 0 && views.shift()?.view.close(),
    () => Promise.all(all.map((each) => store.load(each))),
    async () => views.at(-1)?.view.update((count) => count + 1),
  ];
  try {
    await dice.pick(work)();
  } catch (error) {
    expect(isSessionError(error) ? 'refused' : error).toBe('refused');
  }
}
