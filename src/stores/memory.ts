/** `tabkeep/stores/memory`: sessions that touch no disk, shared by the tabs of an origin where that is possible. */

import type { Backend } from '../backend.js';
import { systemClock } from '../clock.js';
import { globalEvents, lockManager } from '../environment.js';
import { MemoryBackend } from './memory-backend.js';

/** Options of {@link memoryBackend}. */
export interface MemoryBackendOptions {
  /**
   * Most living sessions to keep; absent: any number. Beyond it those go that were not written, touched or read for the
   * longest; a read counts in its own tab only. What went is absent, and was not signed out.
   */
  readonly maxSessions?: number | undefined;
  /** Web Locks, by which tabs share the memory. Default: those of the browser; `null`: each tab has a memory of its own. */
  readonly locks?: LockManager | null | undefined;
}

/**
 * A {@link Backend} that keeps records in memory and never touches the disk: for what must be gone with the last tab, for
 * tests and servers, and where a browser refuses every storage.
 *
 * Where the store has a `sync` and there are Web Locks, all tabs of the origin that open the name share the memory: each
 * has a copy, a tab that opens gets one from the others, and it lives as long as one of them. `capabilities.shared` is
 * then `'origin'`; before `open`, and elsewhere, `'tab'`: records live as long as this object.
 *
 * Concurrency: atomic between tabs (R2). Every other tab has confirmed a commit before its promise resolves, or has left, or
 *   is thrown out after 250 ms without an answer: it comes back with what the others have
 * Durability:  none, but for a tab that is closed or crashes: the others have all that was acknowledged, and all of them or
 *   none have what was not. When the last one goes, everything is gone; so it is when the only tab that has the records
 *   gives no answer for 2 seconds to one that opens, and that is told as a `reset`
 * Trust:       any script of the origin can forge what tabs tell each other, as it can write into localStorage
 * Reopening:   a store that is closed and opened again on the same object gets what other tabs have by then. Where none is
 *   left it finds its own records, unless others went on with them: nobody knows what they ended, and nothing comes back
 *
 * @throws TypeError when `maxSessions` is no number
 * @throws RangeError when it is not a whole number above 0
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { memoryBackend } from 'tabkeep/stores/memory';
 *
 * const store = await openStore<{ items: string[] }>({ name: 'shop', backend: memoryBackend() });
 * ```
 */
export function memoryBackend({ maxSessions, locks }: MemoryBackendOptions = {}): Backend {
  if (maxSessions !== undefined) checkCount(maxSessions);
  return new MemoryBackend({
    maxSessions,
    locks: () => (locks === null ? undefined : (locks ?? lockManager())),
    clock: systemClock,
    page: globalEvents,
  });
}

function checkCount(maxSessions: unknown): void {
  if (typeof maxSessions !== 'number') throw new TypeError('maxSessions is a number.');
  if (!Number.isSafeInteger(maxSessions) || maxSessions < 1) {
    throw new RangeError('maxSessions is a whole number above 0.');
  }
}
