/** One refresh for all tabs: of those whose token ran out one asks for a new one, the others take over what it stored. */

import { systemClock, type Clock } from '../clock.js';
import { lockManager, reportToConsole } from '../environment.js';
import { SessionError } from '../errors.js';
import { checkMilliseconds } from '../expiry.js';
import { demand } from '../options.js';
import type { ErrorContext } from '../ports.js';
import type { LiveSession, Milliseconds, Updater } from '../session.js';
import { takeTurn, type TurnLocks } from './turn.js';

/**
 * Asks for what is new, and returns how to write it into the data, whatever else has changed there meanwhile.
 *
 * @param data - a private copy, as it was when it was found to need a refresh
 * @param context.signal - aborted when `timeout` has passed
 */
export type Refresh<Data> = (
  data: Data,
  context: { readonly signal: AbortSignal },
) => Promise<Updater<Data>>;

/** Options of {@link refreshOnce}. */
export interface RefreshOnceOptions {
  /** How long one refresh may take. One that hangs delays the other tabs for so long. */
  readonly timeout: Milliseconds;
  /** What is refreshed, the same in every tab. Default: the session's id; give one where that may be rotated meanwhile. */
  readonly name?: string | undefined;
  /** Default: the platform's Web Locks; `null`: none. */
  readonly locks?: TurnLocks | null | undefined;
  readonly clock?: Clock | undefined;
  /** Hears of a refresh that fails after `timeout`, when its caller has gone (R15); default `console.error`. */
  readonly onError?: ((error: unknown, context: ErrorContext) => void) | undefined;
}

/**
 * Refreshes what runs out, as an access token does: once for all tabs, so that a refresh token that may be used only once
 * is used only once. Call it wherever the token is needed: while `needsRefresh` says no of the data in hand, nothing happens.
 *
 * Shape:       waits its turn → reads again → takes over what another tab has stored meanwhile, or runs `fn` and commits
 *   what it returned. `needsRefresh` runs inside transactions: synchronous and without side effects
 * Units:       `timeout` in milliseconds, above 0 and at most 2^53 − 1
 * Concurrency: calls on one session object share one run and its failure. Between tabs a failure is that of its caller
 *   alone, and the next tab tries. One that died is passed over at once, one that hangs when its `timeout` is over, one that is
 *   frozen after half as long again. Where there are no Web Locks, each tab may call `fn`. Whatever happens, a result is
 *   written only where `needsRefresh` still says yes: a lost race takes over the winner's (R2), and nothing is wiped
 * Durability:  resolves when the result is committed. A result that comes after `timeout` is still committed by that rule,
 *   since the token it was got with may be spent
 *
 * @returns the data that needs no refresh
 * @throws {@link SessionError} `TIMED_OUT` when it took longer than `timeout`; `SESSION_ENDED`; and whatever `fn` throws
 * @throws TypeError, RangeError when an argument is not what it should be
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { memoryBackend } from 'tabkeep/stores/memory';
 * import { refreshOnce } from 'tabkeep/sync';
 *
 * interface Login {
 *   token: string;
 *   validUntil: number;
 * }
 * const store = await openStore<Login>({ name: 'login', backend: memoryBackend() });
 * const session = await store.current({ create: () => ({ token: 'old', validUntil: 0 }) });
 *
 * const { token } = await refreshOnce(
 *   session,
 *   ({ validUntil }) => validUntil < Date.now() + 30_000,
 *   async () => {
 *     const fresh = { token: 'new', validUntil: Date.now() + 600_000 }; // here: ask the server, give fetch the signal
 *     return (login) => Object.assign(login, fresh);
 *   },
 *   { timeout: 10_000 },
 * );
 * console.log(token); // 'new'
 * ```
 */
export async function refreshOnce<Data>(
  session: LiveSession<Data>,
  needsRefresh: (data: Data) => boolean,
  fn: Refresh<Data>,
  options: RefreshOnceOptions,
): Promise<Data> {
  demand(typeof needsRefresh === 'function', 'needsRefresh must be a function');
  demand(typeof fn === 'function', 'refreshOnce takes a function that refreshes');
  checkMilliseconds('timeout', options?.timeout);
  while (needsRefresh(session.data)) {
    const other = underWay.get(session);
    if (other !== undefined) {
      await other;
      continue;
    }
    const refreshing = refresh(session, needsRefresh, fn, options).finally(() =>
      underWay.delete(session),
    );
    underWay.set(session, refreshing);
    return refreshing;
  }
  return session.data;
}

const underWay = new WeakMap<object, Promise<unknown>>();

async function refresh<Data>(
  session: LiveSession<Data>,
  needsRefresh: (data: Data) => boolean,
  fn: Refresh<Data>,
  options: RefreshOnceOptions,
): Promise<Data> {
  const { timeout, name = session.id, locks = lockManager(), clock = systemClock } = options;
  const { onError = report } = options;

  const work = async (signal: AbortSignal): Promise<Data> => {
    const found = await changeStale(session, needsRefresh);
    if (found.isFresh) return found.data;
    signal.throwIfAborted();
    const change: unknown = await fn(found.data, { signal });
    demand(typeof change === 'function', 'a refresh returns a function that changes the data');
    return (await changeStale(session, needsRefresh, change as Updater<Data>)).data;
  };

  // A quarter more than a healthy tab may need.
  const patience = timeout * 1.25;
  const release = await takeTurn(`tabkeep:refresh:${name}`, patience, locks ?? undefined, clock);
  try {
    return await inTime(work, timeout, clock, (error) =>
      onError(error, { during: 'refresh', id: session.id }),
    );
  } finally {
    release();
  }
}

interface Found<Data> {
  readonly data: Data;
  readonly isFresh: boolean;
}

/** Leaves a transaction in which nothing is to be written. */
class NothingToWrite extends Error {}

/**
 * Changes the data if it needs a refresh; without `change` it only looks. Either happens in a transaction: a read may be
 * older than the turn in which it is made, since a lock may reach a tab before what was written under it.
 */
async function changeStale<Data>(
  session: LiveSession<Data>,
  needsRefresh: (data: Data) => boolean,
  change?: Updater<Data>,
): Promise<Found<Data>> {
  let found: Found<Data> | undefined;
  try {
    await session.update((data) => {
      const isFresh = !needsRefresh(data);
      if (change !== undefined && !isFresh) return change(data);
      found = { data, isFresh };
      throw new NothingToWrite();
    });
    return { data: session.data, isFresh: true };
  } catch (error) {
    if (!(error instanceof NothingToWrite) || found === undefined) throw error;
  }
  if (found.isFresh) await session.reload();
  return found;
}

/** @param tooLate - hears of a failure after the time */
function inTime<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  timeout: Milliseconds,
  clock: Clock,
  tooLate: (error: unknown) => void,
): Promise<Result> {
  const controller = new AbortController();
  const { signal } = controller;
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeout, () => {
      const error = new SessionError('TIMED_OUT', `The refresh took longer than ${timeout} ms.`);
      controller.abort(error);
      reject(error);
    });
    work(signal)
      .then(resolve, (error: Error) => {
        // Whoever gave up when it was told to has nothing new to tell.
        if (signal.aborted && error !== signal.reason) tooLate(error);
        reject(error);
      })
      .finally(cancel);
  });
}

function report(error: unknown, { during }: ErrorContext): void {
  reportToConsole('tabkeep:', during, error);
}
