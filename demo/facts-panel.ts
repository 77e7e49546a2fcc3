/** What the library sees: the session's version, id and life, and what the backend can do. */

import type { CurrentSession } from './current-session.js';
import { find, formatSpan, formatTime } from './dom.js';
import { absoluteTimeout, chosenBackend, idleTimeout } from './shop-store.js';
import { attempt, say } from './status-line.js';

const sharing = {
  tab: 'this tab only',
  origin: 'every tab of this site',
  machine: 'every process here',
  remote: 'every machine',
};

export function mountFacts(session: CurrentSession): void {
  find('#lifetime').textContent =
    `tabkeep · ${formatSpan(idleTimeout)} idle, ${formatSpan(absoluteTimeout)} at most`;
  session.follow(() => {
    const { id, version, owner, status, expiresAt } = session.live;
    tell('#fact-version', String(version));
    tell('#fact-id', `${id.slice(0, 6)}…${id.slice(-4)}`);
    find('#fact-id').title = id;
    tell('#fact-owner', owner ?? 'nobody yet');
    tell('#fact-status', status);
    const isOver = status !== 'active' || expiresAt === null;
    tell('#fact-expires', isOver ? '–' : formatTime(expiresAt));
  });
  showCreatedAt(session);
  showBackend(session);
  session.store.subscribe(({ type }) => {
    if (type === 'backend') showBackend(session);
  });
  const copy = find('#copy-id');
  copy.hidden = !isSecureContext; // elsewhere there is no clipboard
  copy.addEventListener('click', () =>
    attempt(async () => {
      await navigator.clipboard.writeText(session.live.id);
      say('The session id is on the clipboard.');
    }),
  );
}

/** Rotation keeps it, so it is asked for once a session. */
function showCreatedAt(session: CurrentSession): void {
  let shown: CurrentSession['live'] | undefined;
  session.follow(() => {
    const { live } = session;
    if (live === shown) return;
    shown = live;
    attempt(async () => {
      const stored = await session.store.load(live.id);
      if (stored !== undefined) tell('#fact-created', formatTime(stored.createdAt));
    });
  });
}

function showBackend({ store }: CurrentSession): void {
  const { name, capabilities } = store.backend;
  tell('#fact-backend', name);
  tell('#fact-shared', sharing[capabilities.shared]);
  tell('#fact-atomic', capabilities.atomic ? 'yes' : 'no');
  tell('#fact-persistent', capabilities.persistent ? 'yes' : 'no');
  tell('#fact-durability', capabilities.durability);
  tell('#fact-clone', capabilities.structuredClone ? 'cloned' : 'as text');
  find('#not-shared').hidden = capabilities.shared !== 'tab';
  find('#refused').hidden = name.toLowerCase() === chosenBackend;
  for (const link of document.querySelectorAll<HTMLAnchorElement>('#backend-switch a')) {
    const url = new URL(location.href);
    url.searchParams.set('backend', link.dataset['backend'] ?? '');
    url.hash = '';
    link.href = url.href;
    if (link.dataset['backend'] === chosenBackend) link.setAttribute('aria-current', 'true');
  }
}

function tell(selector: string, text: string): void {
  const element = find(selector);
  if (element.textContent === text) return;
  element.textContent = text;
  // Starts the highlight anew.
  for (const animation of element.getAnimations()) animation.play();
}
