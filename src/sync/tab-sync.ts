/** Keeps the tabs of one profile in step. */

import type { OpenChannel, TabSync } from '../ports.js';
import { openPackageChannel } from './channel.js';
import { TabConnection } from './tab-connection.js';

/** Options of {@link tabSync}. */
export interface TabSyncOptions {
  /** The transport; default: BroadcastChannel, through the package `broadcast-channel`. */
  readonly channel?: OpenChannel | undefined;
}

/**
 * Tells other tabs, frames and workers of this origin what changed, and hears it from them. Nothing depends on a message
 * to arrive: a gap in a sender's messages, and every moment at which some may have been missed (the page is shown,
 * focused, resumed or online again), has everything in hand compared with the backend (R11).
 *
 * Concurrency: the channel `tabkeep:NAME` opens with the store, closes while the page is hidden away (`pagehide`), and
 *   opens again with it; there is no `unload` and no `beforeunload` listener
 *
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
 * import { tabSync } from 'tabkeep/sync';
 *
 * const store = await openStore({ name: 'inbox', backend: indexedDBBackend(), sync: tabSync() });
 * ```
 */
export function tabSync({ channel = openPackageChannel }: TabSyncOptions = {}): TabSync {
  return {
    openChannel: channel,
    connect: (context) => new TabConnection(context, channel),
  };
}
