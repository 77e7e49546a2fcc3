/** The line at the foot of the page: what went well, and every error with its code. */

import { isSessionError } from 'tabkeep';
import type { ErrorContext, SessionErrorCode } from 'tabkeep';
import { find } from './dom.js';

const line = find('#status');
const text = find('#status-text');
const code = find('#status-code');

find('#status-close').addEventListener('click', hide);

let fading: ReturnType<typeof setTimeout> | undefined;

/** Good news; goes away by itself. */
export function say(message: string): void {
  show(message, '');
  fading = setTimeout(hide, 5000);
}

/** Bad news; stays until somebody closes it. */
export function report(error: unknown, context?: ErrorContext): void {
  console.error(error);
  const during = context === undefined ? '' : ` (during ${context.during})`;
  if (isSessionError(error)) show(explain(error.code, error.message) + during, error.code);
  else if (error instanceof Error) show(error.message + during, error.name);
  else show(String(error) + during, 'Error');
}

/** Runs what a click or a key has asked for; whatever goes wrong is shown. */
export function attempt(work: () => unknown): void {
  void (async () => {
    try {
      await work();
    } catch (error) {
      report(error);
    }
  })();
}

function show(message: string, badge: string): void {
  clearTimeout(fading);
  text.textContent = message;
  code.textContent = badge;
  line.dataset['kind'] = badge === '' ? 'news' : 'error';
  line.hidden = false;
}

function hide(): void {
  line.hidden = true;
}

function explain(errorCode: SessionErrorCode, message: string): string {
  switch (errorCode) {
    case 'SESSION_ENDED':
      return 'This session is over, so nothing was changed.';
    case 'VERSION_CONFLICT':
      return 'Another tab was faster. This page shows what it did.';
    case 'QUOTA_EXCEEDED':
      return 'The browser has no room left for this site.';
    case 'STORE_UNAVAILABLE':
      return 'The browser refuses to store anything for this page.';
    default:
      return message;
  }
}
