// Turns of tabs that ask more than once.

import { expect, test } from 'vitest';
import { refreshWorld, type Login } from '../../test/refresh-world.js';
import { refreshOnce } from './refresh-once.js';

test('two views of one tab that refresh one after the other are not taken for one that is stuck', async () => {
  const { tabs, pass, clock } = await refreshWorld(2);
  const [tab, other] = tabs;
  const second = await tab!.store.current({
    create: (): Login => ({ cart: [], token: 0, isValid: false }),
  });
  let asking = 0;
  let most = 0;
  const slow = (fails: boolean) => async () => {
    most = Math.max(most, ++asking);
    await pass(800);
    asking--;
    if (fails) throw new Error('refused');
    return (login: Login) => void Object.assign(login, { token: 1, isValid: true });
  };
  const { locks } = tab!;
  const outcomes = await Promise.allSettled([
    tab!.refresh(slow(true)),
    refreshOnce(second, ({ isValid }) => !isValid, slow(false), { timeout: 1000, locks, clock }),
    pass(20).then(() => other!.refresh(slow(false))),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(most).toBe(1);
});
