/** A tab that works on shared sessions and writes down what it sees: `window.recorded`, beside the `window.tab` of all pages. */

import './tab.js';
import { openStore, type SessionStore } from 'tabkeep/core';
import type { HistoryEvent } from 'tabkeep/testing';
import { unfencedBackend } from '../../test/broken/unfenced.js';
import { startWork, type Work, type WorkData } from './workload.js';

let store: SessionStore<WorkData> | undefined;

const recorded = {
  /** Works on the store that `window.tab` has opened, or on the broken one. @returns the history of this tab */
  async work(work: Work): Promise<HistoryEvent[]> {
    const { events, done } = startWork(
      store ?? (window.tab.store as unknown as typeof store)!,
      work,
    );
    await done;
    return structuredClone(events);
  },

  /** Works until the tab dies, and tells each event to a listener outside of it. */
  async workAloud(work: Work): Promise<void> {
    const onEvent = (event: HistoryEvent): void => void window.told(event);
    await startWork(window.tab.store as unknown as SessionStore<WorkData>, work, { onEvent }).done;
  },

  /** localStorage under a Web Lock, without the fence: what the checker has to find. */
  async openUnfenced(): Promise<void> {
    const backend = unfencedBackend(localStorage, navigator.locks);
    store = await openStore<WorkData>({ name: 'unfenced', backend });
  },
};

declare global {
  interface Window {
    recorded: typeof recorded;
    /** Given by the test. */
    told(event: HistoryEvent): unknown;
  }
}

window.recorded = recorded;
