/** The work of one writer in the experiment, and what a hidden frame says of it to the page. */

import type { SessionStore } from 'tabkeep';
import type { Tally } from './shop-store.js';

export const updatesPerWriter = 100;

export type FrameMessage =
  | { readonly is: 'ready' }
  | { readonly is: 'done'; readonly sent: number }
  | { readonly is: 'failed'; readonly reason: string };

/** Each update waits for the one before, so that the writers take turns as often as can be. @returns how many it sent */
export async function incrementManyTimes(store: SessionStore<Tally>, id: string): Promise<number> {
  let sent = 0;
  while (sent < updatesPerWriter) {
    await store.update(id, (tally) => {
      tally.count++;
    });
    sent++;
  }
  return sent;
}
