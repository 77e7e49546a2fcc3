/** The popup: the pots on the table, and what the worker has done. It is closed and opened all the time, and keeps nothing. */

import { isSessionError } from 'tabkeep/core';
import { find, findAs, formatTime } from '../dom.js';
import { teas } from '../teas.js';
import { cupsInPot, openLog, openPots, periodInMinutes, pourARound } from './kitchen.js';
import type { LogEntry } from './kitchen.js';
import { PotView } from './pot-view.js';

const words: Record<LogEntry['what'], string> = {
  started: 'was started by the browser',
  cleared: 'swept a cold pot away',
  poured: 'poured a round',
};

const views = new Map<string, PotView>();
const pots = await openPots();
const log = await openLog();

pots.subscribe((event) => {
  if (event.type === 'saved') attempt(() => add(event.id));
  if (event.type === 'ended' || event.type === 'expired') remove(event.id);
  if (event.type === 'reset') for (const id of views.keys()) remove(id);
});
for (const id of await pots.listIds()) await add(id);
setInterval(() => {
  for (const view of views.values()) view.show();
}, 500);

for (const { id, name, colour } of teas.slice(0, 4)) {
  const button = document.createElement('button');
  button.className = 'button quiet';
  button.type = 'button';
  button.textContent = name;
  button.style.setProperty('--brew', colour);
  button.addEventListener('click', () => attempt(() => pots.create({ tea: id, cups: cupsInPot })));
  const item = document.createElement('li');
  item.append(button);
  find('#shelf').append(item);
}

find('#pour-a-round').addEventListener('click', () =>
  attempt(() => chrome.runtime.sendMessage(pourARound)),
);
find('#rhythm').textContent =
  `The browser stops it when it is idle. An alarm wakes it every ${inWords(periodInMinutes)} to sweep.`;
log.subscribe(showLog);
showLog();
showSummary();
document.body.dataset['ready'] = 'yes';

async function add(id: string): Promise<void> {
  if (views.has(id)) return;
  const live = await pots.open(id);
  // Asked twice, or gone meanwhile.
  if (live === undefined || views.has(id)) {
    live?.close();
    return;
  }
  const view = new PotView(live, attempt);
  views.set(id, view);
  find('#pots').append(view.element);
  showSummary();
}

function remove(id: string): void {
  const view = views.get(id);
  if (view === undefined) return;
  views.delete(id);
  // The key that cleared the pot away must not fall out of the page with it.
  if (view.element.contains(document.activeElement)) find('#pots-heading').focus();
  view.remove();
  showSummary();
}

function showSummary(): void {
  const { size } = views;
  find('#empty').hidden = size > 0;
  find('#summary').textContent = size === 0 ? 'no pot yet' : size === 1 ? '1 pot' : `${size} pots`;
}

function showLog(): void {
  const items = log.data.entries.toReversed().map(({ at, what }) => {
    const item = document.createElement('li');
    const time = document.createElement('time');
    time.dateTime = new Date(at).toISOString();
    time.textContent = formatTime(at);
    item.dataset['what'] = what;
    item.append(time, words[what]);
    return item;
  });
  find('#log').replaceChildren(...items);
}

function inWords(minutes: number): string {
  if (minutes === 1) return 'minute';
  return minutes > 1 ? `${minutes} minutes` : `${Math.round(minutes * 60)} s`;
}

function attempt(work: () => Promise<unknown>): void {
  void (async () => {
    try {
      await work();
    } catch (error) {
      // Gone cold under the finger: its row says so.
      if (isSessionError(error, 'SESSION_ENDED')) return;
      console.error(error);
      find('#status-text').textContent = String(error);
      findAs(HTMLElement, '#status').hidden = false;
    }
  })();
}
