/** Signing in and out: a new id at sign-in, an end in every tab at sign-out. */

import type { CurrentSession } from './current-session.js';
import { find, findAs } from './dom.js';
import { attempt, say } from './status-line.js';

export function mountAccount(session: CurrentSession): void {
  const form = findAs(HTMLFormElement, '#sign-in');
  const name = findAs(HTMLInputElement, '#sign-in-name');
  const account = find('#signed-in');
  const signOutButton = find('#sign-out');

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(async () => {
      const hadFocus = form.contains(document.activeElement);
      await signIn(session, name.value.trim());
      name.value = '';
      if (hadFocus) signOutButton.focus();
    });
  });
  signOutButton.addEventListener('click', () => attempt(() => session.live.end()));

  session.follow(() => {
    const { owner } = session.live;
    form.hidden = owner !== null;
    account.hidden = owner === null;
    find('#owner-name').textContent = owner ?? '';
  });
}

async function signIn({ live }: CurrentSession, owner: string): Promise<void> {
  // Whoever knew the id from before sign-in, knows nothing afterwards (session fixation).
  await live.rotate();
  await live.update(() => {}, { owner });
  say(`Welcome, ${owner}. The session has a new id, in every tab.`);
}
