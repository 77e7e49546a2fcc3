/** How long the session will last without activity. A key or a click in any tab winds it up again. */

import type { CurrentSession } from './current-session.js';
import { find, formatSpan } from './dom.js';
import { idleTimeout } from './shop-store.js';
import { attempt } from './status-line.js';

export function mountIdleTimer(session: CurrentSession): void {
  const timer = find('#idle-timer');
  const text = find('#idle-left');

  const show = (): void => {
    const { status, expiresAt } = session.live;
    const left = status === 'active' ? Math.max(0, (expiresAt ?? Infinity) - Date.now()) : 0;
    timer.style.setProperty('--left', String(Math.min(1, left / idleTimeout)));
    timer.dataset['hurry'] = String(left < idleTimeout / 4);
    text.textContent = formatSpan(left);
  };
  setInterval(show, 250);
  session.follow(show);

  // `touch` writes only when a tenth of the idle time has passed, so every key press may ask for it.
  const touch = (): void => {
    if (session.live.status === 'active') attempt(() => session.live.touch());
  };
  document.addEventListener('pointerdown', touch);
  document.addEventListener('keydown', touch);
}
