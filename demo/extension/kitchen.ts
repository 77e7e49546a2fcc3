/** What the worker and the popup share: pots of tea, each a session, and a log of what the worker did. */

import { openStore } from 'tabkeep/core';
import type { LiveSession, Milliseconds, SessionStore, Sweeper } from 'tabkeep/core';
import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
import { tabSync } from 'tabkeep/sync';
import { teas, type Tea } from '../teas.js';

// Set by vite.config.ts, and shorter in the tests.
declare const KEEPS_WARM: number;
declare const PERIOD_IN_MINUTES: number;

/** A pot that nobody pours from for this long has gone cold: its session expires. */
export const keepsWarm: Milliseconds = KEEPS_WARM;

/** How often cold pots are cleared away. */
export const periodInMinutes = PERIOD_IN_MINUTES;

export const cupsInPot = 6;

export interface Pot {
  readonly tea: string;
  cups: number;
}

export function teaOf({ tea }: Pot): Tea {
  const found = teas.find(({ id }) => id === tea);
  if (found === undefined) throw new RangeError(`There is no tea called ${tea}.`);
  return found;
}

/** For {@link SessionStore.update}, so that of two who pour at once neither cup is lost. */
export function pour(pot: Pot): void {
  pot.cups = Math.max(0, pot.cups - 1);
}

/** Only the worker brings a sweeper: a popup is gone before it would be needed again. */
export function openPots(sweeper?: Sweeper): Promise<SessionStore<Pot>> {
  return openStore<Pot>({
    name: 'leaf-and-kettle',
    backend: indexedDBBackend(),
    sync: tabSync(),
    sweeper,
    ttl: { idle: keepsWarm },
  });
}

export interface LogEntry {
  readonly at: number;
  readonly what: 'started' | 'cleared' | 'poured';
  /** When the worker that did it was started: another worker, another number. */
  readonly worker: number;
}

export interface Log {
  entries: LogEntry[];
}

/** It never expires, and shows its last entries only. */
export async function openLog(): Promise<LiveSession<Log>> {
  const store = await openStore<Log>({
    name: 'leaf-and-kettle-log',
    backend: indexedDBBackend(),
    sync: tabSync(),
  });
  return store.current({ create: () => ({ entries: [] }) });
}

export function addEntry(log: LiveSession<Log>, entry: LogEntry): Promise<void> {
  return log.update(({ entries }) => {
    entries.push(entry);
    entries.splice(0, entries.length - 50);
  });
}

/** The message by which the popup asks the worker to pour from every pot. */
export const pourARound = 'pour a round';
