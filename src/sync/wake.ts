/** Tells when a page may have missed messages, or time has passed that it did not notice. */

import { systemClock, type Clock } from '../clock.js';
import { globalEvents, pageDocument } from '../environment.js';

/** Where the events of a page's life arrive. A worker has no document, Node has neither. */
export interface Page {
  readonly global: EventTarget | undefined;
  readonly document: (EventTarget & Pick<Document, 'visibilityState'>) | undefined;
}

export function thisPage(): Page {
  return { global: globalEvents(), document: pageDocument() };
}

/**
 * Calls back after a page was shown, focused, resumed or brought online again. Events that come together make one call.
 *
 * @returns stops it
 * @see https://developer.chrome.com/docs/web-platform/page-lifecycle-api
 */
export function onWake(
  callback: () => void,
  { global, document }: Page = thisPage(),
  clock: Clock = systemClock,
): () => void {
  const listeners = new AbortController();
  let cancel: (() => void) | undefined;
  const wake = (): void => {
    // A microtask would run between two events of one turn.
    cancel ??= clock.after(0, () => {
      cancel = undefined;
      callback();
    });
  };
  const listen = (target: EventTarget | undefined, type: string, listener = wake): void =>
    target?.addEventListener(type, listener, { signal: listeners.signal });

  for (const type of ['pageshow', 'focus', 'online']) listen(global, type);
  listen(document, 'resume');
  listen(document, 'visibilitychange', () => {
    if (document?.visibilityState === 'visible') wake();
  });
  return () => {
    listeners.abort();
    cancel?.();
  };
}
