/** `tabkeep/sync`: tabs in step. */

export { tabSync } from './tab-sync.js';
export type { TabSyncOptions } from './tab-sync.js';
export type { Channel, OpenChannel } from '../ports.js';
export type { SyncMessage } from './message.js';
