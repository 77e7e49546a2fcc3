/**
 * The service worker, in Firefox the event page. The browser stops it when it has nothing to do, so it keeps nothing to
 * itself: at each start it opens the stores, and finds there what the worker before it left.
 */

import { isSessionError, type SessionStore } from 'tabkeep/core';
import { alarmSweeper } from 'tabkeep/sync/sweepers';
import { addEntry, openLog, openPots, periodInMinutes, pour, pourARound } from './kitchen.js';
import type { LogEntry, Pot } from './kitchen.js';

const worker = Date.now();

// Before anything is awaited: the browser wakes a worker only for what it listened to in its first turn.
const sweeper = alarmSweeper({ periodInMinutes });
const opening = openKitchen();

chrome.runtime.onMessage.addListener((message) => {
  if (message === pourARound) report(pourFromEveryPot());
});

report(opening);

async function openKitchen(): Promise<{
  readonly pots: SessionStore<Pot>;
  readonly note: (what: LogEntry['what']) => Promise<void>;
}> {
  const log = await openLog();
  const note = (what: LogEntry['what']): Promise<void> =>
    addEntry(log, { at: Date.now(), what, worker });
  await note('started');

  const pots = await openPots(sweeper);
  pots.subscribe(({ type, ...event }) => {
    if (type === 'expired' && 'origin' in event && event.origin === 'here') report(note('cleared'));
    report(showBadge(pots));
  });
  await chrome.action.setBadgeBackgroundColor({ color: '#2c6a4b' });
  await showBadge(pots);
  return { pots, note };
}

/** How many pots are warm, on the icon. */
async function showBadge(pots: SessionStore<Pot>): Promise<void> {
  const { length } = await pots.listIds();
  await chrome.action.setBadgeText({ text: length > 0 ? String(length) : '' });
}

async function pourFromEveryPot(): Promise<void> {
  const { pots, note } = await opening;
  for (const id of await pots.listIds()) {
    await pots.update(id, pour).catch((error: unknown) => {
      // It has gone cold since it was listed; the others still get their tea.
      if (!isSessionError(error, 'SESSION_ENDED')) throw error;
    });
  }
  await note('poured');
}

function report(work: Promise<unknown>): void {
  work.catch((error: unknown) => console.error(error));
}
