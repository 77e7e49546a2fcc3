/** Two tabs of one profile, for cases about what tabs tell each other. */

import type { LiveSession, SessionStore } from '../session.js';
import { protocol } from '../sync/message.js';
import type { Define, Trial } from './trial.js';

export interface TwoTabs {
  readonly here: SessionStore<number>;
  readonly there: SessionStore<number>;
  /** A view, in the tab over there, of session `a`, which holds 0. */
  readonly view: LiveSession<number>;
  /** What the view's listener heard so far: the versions it showed. */
  readonly shown: readonly number[];
}

async function twoTabs(trial: Trial): Promise<TwoTabs> {
  const [here, there] = await trial.twoStores<number>();
  await here.create(0, { id: 'a' });
  await trial.catchUp();
  const view = (await there.open('a'))!;
  const shown: number[] = [];
  view.subscribe(() => shown.push(view.version));
  await trial.idle();
  return { here, there, view, shown };
}

export const bump = (count: number): number => count + 1;

/** What a stranger sends: a message of ours, changed at will. */
export function forged(over: object, ...changes: readonly unknown[]): unknown {
  return { protocol, from: 'stranger', seq: 1, changes, ...over };
}

/**
 * Adds cases about messages. Of a backend that only its own tab sees no message is sent, since nobody could look up what it
 * tells of; another store of the tab finds out when it wakes.
 */
export function messageDefine(
  define: Define,
): (title: string, run: (trial: Trial, tabs: TwoTabs) => Promise<void>) => void {
  return (title, run) =>
    define(title, async (trial) => {
      const tabs = await twoTabs(trial);
      if (trial.isAlone) await expectSilence(trial, tabs);
      else await run(trial, tabs);
    });
}

async function expectSilence(trial: Trial, { here, view }: TwoTabs): Promise<void> {
  trial.tabs.hold();
  await here.update('a', bump);
  await trial.idle();
  trial.expect([trial.tabs.waiting, view.version]).toEqual([0, 1]);
  trial.tabs.resync();
  await trial.until('the view has looked again', () => view.version === 2);
  trial.expect(view.data).toBe(1);
}
