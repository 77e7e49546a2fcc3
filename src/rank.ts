/** The order of the states of one session id, as messages and records show them. */

import type { StoredRecord } from './backend.js';
import type { Change } from './ports.js';
import type { EpochMilliseconds } from './session.js';

/** Any state of an id: a change that is told, or what is stored. */
interface State {
  readonly kind: Change['kind'] | StoredRecord['kind'];
  readonly version: number;
  readonly expiresAt?: EpochMilliseconds | null | undefined;
}

const living: ReadonlySet<State['kind']> = new Set(['live', 'saved', 'touched'] as const);

/** By version, and an end after the last life of that version; 0 = nothing is known. */
export function rankOf(state: State | undefined): number {
  return state === undefined ? 0 : state.version * 2 + (living.has(state.kind) ? 0 : 1);
}

/** Whether the backend shows what another tab announced, or something later. */
export function isConfirmed(found: State, announced: Change | undefined): boolean {
  const difference = rankOf(found) - rankOf(announced);
  if (difference !== 0 || found.kind !== 'live') return difference >= 0;
  return (found.expiresAt ?? Infinity) >= (announced?.expiresAt ?? 0);
}
