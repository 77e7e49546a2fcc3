/** `tabkeep/sync`: tabs in step. */

export { refreshOnce } from './refresh-once.js';
export type { Refresh, RefreshOnceOptions } from './refresh-once.js';
export { tabSync } from './tab-sync.js';
export type { TabSyncOptions } from './tab-sync.js';
export type { Channel, OpenChannel } from '../ports.js';
export type { SyncMessage } from './message.js';
export type { TurnLocks } from './turn.js';
