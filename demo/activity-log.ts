/** Who changed what: the events of the store, newest first. */

import type { SessionStore, StoreEvent } from 'tabkeep';
import { find, formatTime, fromTemplate } from './dom.js';
import { say } from './status-line.js';

const longest = 40;

export function mountActivityLog(store: SessionStore<unknown>): void {
  const list = find('#log-list');
  store.subscribe((event) => {
    if (event.type === 'backend') say(`Sessions now lie in ${event.name}.`);
    list.prepend(entryFor(event));
    while (list.childElementCount > longest) list.lastElementChild?.remove();
    find('#log-empty').hidden = true;
  });
}

function entryFor(event: StoreEvent): HTMLElement {
  const entry = fromTemplate('#log-entry-template');
  const origin = 'origin' in event ? event.origin : 'here';
  entry.dataset['origin'] = origin;
  entry.dataset['type'] = event.type;
  find('time', entry).textContent = formatTime(Date.now());
  find('.log-origin', entry).textContent = origin === 'here' ? 'this tab' : 'another tab';
  find('.log-what', entry).textContent = describe(event);
  return entry;
}

function describe(event: StoreEvent): string {
  switch (event.type) {
    case 'saved':
      return `saved version ${event.version}`;
    case 'touched':
      return `touched, version ${event.version}`;
    case 'rotated':
      return `new id ${event.successor?.slice(0, 6) ?? ''}…`;
    case 'ended':
      return `ended, version ${event.version}`;
    case 'expired':
      return `expired, version ${event.version}`;
    case 'backend':
      return `now in ${event.name}`;
    case 'reset':
      return 'the browser has dropped the store';
  }
}
