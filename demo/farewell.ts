/** What the shop shows when the session is over: a goodbye, and the way to a new one. */

import type { CurrentSession } from './current-session.js';
import { find } from './dom.js';
import { attempt } from './status-line.js';

const words = {
  ended: {
    title: 'You are signed out',
    text: 'This session has ended in every tab. What was in it can no longer be changed, from anywhere.',
  },
  expired: {
    title: 'Your session has expired',
    text: 'Nobody touched it for a while, in any tab, so it was closed for your safety.',
  },
  reset: {
    title: 'Your session is lost',
    text: 'The browser has dropped what this site had stored. Nobody signed you out.',
  },
};

export function mountFarewell(session: CurrentSession): void {
  const shop = find('#shop');
  const farewell = find('#farewell');
  const again = find('#start-anew');

  again.addEventListener('click', () =>
    attempt(async () => {
      await session.startAnew();
      find('#teas-heading').focus();
    }),
  );

  session.follow(() => {
    const { status } = session.live;
    const isOver = status !== 'active';
    const isNews = isOver && farewell.hidden;
    document.body.dataset['session'] = status;
    farewell.hidden = !isOver;
    shop.inert = isOver;
    if (!isNews) return;
    find('#farewell-title').textContent = words[status].title;
    find('#farewell-text').textContent = words[status].text;
    again.focus({ preventScroll: true });
  });
}
