/**
 * The only file that reads globals, and only when asked: importing the library has no effect and needs no browser.
 * Everything may be missing: in Node, in a worker, on a plain-http origin, in private mode.
 */

import type { EpochMilliseconds, Milliseconds } from './session.js';

export function systemNow(): EpochMilliseconds {
  return Date.now();
}

/** Goes on while a process is stopped, and cannot be set. */
export function monotonicNow(): Milliseconds {
  return globalThis.performance.now();
}

/** Finer than {@link systemNow}, never set back, and the same in every tab of a machine to within some milliseconds. */
export function preciseNow(): EpochMilliseconds {
  return performance.timeOrigin + performance.now();
}

export function systemTimer(delay: Milliseconds, task: () => void): () => void {
  const timer: unknown = setTimeout(task, delay);
  // In Node a timer keeps the process alive, which no housekeeping of ours should do.
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as number);
}

export function randomBytes(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

export function indexedDBFactory(): IDBFactory | undefined {
  return globalThis.indexedDB;
}

/** Makes key ranges; there wherever IndexedDB is. */
export function keyRanges(): typeof IDBKeyRange {
  return globalThis.IDBKeyRange;
}

/** Merely reading the property throws a SecurityError where storage is refused: that is for the caller to handle. */
export function localStorageArea(): Storage | undefined {
  return globalThis.localStorage;
}

/** As {@link localStorageArea}. */
export function sessionStorageArea(): Storage | undefined {
  return globalThis.sessionStorage;
}

/** Web Locks; missing on plain-http origins and in older Node. */
export function lockManager(): LockManager | undefined {
  return globalThis.navigator?.locks;
}

export function hasBroadcastChannel(): boolean {
  return typeof globalThis.BroadcastChannel === 'function';
}

export function openBroadcastChannel(name: string): BroadcastChannel {
  const channel: unknown = new globalThis.BroadcastChannel(name);
  // In Node an open channel keeps the process alive.
  (channel as { unref?: () => void }).unref?.();
  return channel as BroadcastChannel;
}

/** Where events of the page's life come from: the window, or the global scope of a worker. */
export function globalEvents(): EventTarget | undefined {
  return typeof globalThis.addEventListener === 'function' ? globalThis : undefined;
}

/** The document, for its visibility; missing in workers and Node. */
export function pageDocument(): Document | undefined {
  return globalThis.document;
}

/** What the browser gives to an extension that may set alarms; `browser` is what Firefox calls it. */
export function extensionApi(): unknown {
  const { browser, chrome } = globalThis as { browser?: Extension; chrome?: Extension };
  // A page may have an element of that id.
  return [browser, chrome].find((api) => api?.alarms !== undefined);
}

type Extension = { readonly alarms?: unknown } | null;

export function reportToConsole(...words: unknown[]): void {
  console.error(...words);
}

/** Lets whatever else is ready run first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}
