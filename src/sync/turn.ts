/** A turn at work that one tab does at a time, as well as that can be had. */

import type { Clock } from '../clock.js';
import type { Milliseconds } from '../session.js';

/** What is used of Web Locks. */
export type TurnLocks = Pick<LockManager, 'request' | 'query'>;

/**
 * Waits for a turn under a name. A holder that keeps it longer than `patience`, as a frozen tab does, is passed over:
 * those who waited for it then take turns under a second name, and whoever finds that one stuck as well goes ahead alone.
 * Without locks everybody does. So a turn saves work and proves nothing: what is done in it is version-checked all the same.
 *
 * @param patience - longer than a healthy holder keeps it
 * @returns gives the turn back
 */
export async function takeTurn(
  name: string,
  patience: Milliseconds,
  locks: TurnLocks | undefined,
  clock: Clock,
): Promise<() => void> {
  if (locks === undefined) return () => {};
  const { before, done } = lineUp(name, locks);
  await before;
  for (const each of [name, `${name}:passed-over`]) {
    const release = await acquire(each, patience, locks, clock);
    if (release === undefined) continue;
    return () => {
      release();
      done();
    };
  }
  return done;
}

/** The last turn of each name that this tab has asked for. */
const lines = new WeakMap<TurnLocks, Map<string, Promise<void>>>();

/**
 * Puts the turns of one tab in a line of their own. The browser tells tabs apart and not turns: two of one tab after each
 * other would look to the others like one that is stuck.
 */
function lineUp(
  name: string,
  locks: TurnLocks,
): { readonly before: Promise<void> | undefined; readonly done: () => void } {
  const line = lines.get(locks) ?? new Map<string, Promise<void>>();
  lines.set(locks, line);
  const before = line.get(name);
  let done = (): void => {};
  const turn = new Promise<void>((resolve) => {
    done = () => {
      if (line.get(name) === turn) line.delete(name);
      resolve();
    };
  });
  line.set(name, turn);
  return { before, done };
}

/** @returns lets go of the lock; `undefined` where its holder is stuck, or the platform refuses locks */
async function acquire(
  name: string,
  patience: Milliseconds,
  locks: TurnLocks,
  clock: Clock,
): Promise<(() => void) | undefined> {
  const giveUp = new AbortController();
  const { signal } = giveUp;
  let cancel = (): void => {};
  /** Asks now and then who holds it: each holder has its own time, and whoever waits keeps its place behind them. */
  const watch = async (before?: string): Promise<void> => {
    const holder = await holderOf(name, locks);
    if (signal.aborted) return;
    if (holder !== undefined && holder === before) giveUp.abort();
    else cancel = clock.after(patience, () => void watch(holder).catch(() => giveUp.abort()));
  };
  try {
    return await new Promise<() => void>((granted, refused) => {
      const held = (): Promise<void> => new Promise((release) => granted(release));
      locks.request(name, { signal }, held).catch(refused);
      watch().catch(refused);
    });
  } catch {
    return undefined;
  } finally {
    giveUp.abort();
    cancel();
  }
}

async function holderOf(name: string, locks: TurnLocks): Promise<string | undefined> {
  const { held = [] } = await locks.query();
  return held.find((lock) => lock.name === name)?.clientId;
}
