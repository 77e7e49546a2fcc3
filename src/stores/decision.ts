/** What every backend checks of a decision. */

import type { Decision } from '../backend.js';

/**
 * The ids that a decision changes.
 *
 * @param asked - the ids of the transaction
 * @throws RangeError when it changes another
 */
export function changedIds(asked: readonly string[], decision: Decision<unknown>): string[] {
  const { write = [], remove = [] } = decision;
  const changed = [...write.map(({ id }) => id), ...remove];
  const known = new Set(asked);
  if (changed.every((id) => known.has(id))) return changed;
  throw new RangeError('decide changed a record it did not ask for.');
}
