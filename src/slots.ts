/** `current()`: the session that all tabs of this profile share. */

import type { LiveRecord } from './backend.js';
import type { Engine } from './engine.js';
import { isInSlot, occupySlot, targetOf } from './rules.js';
import { slotRecordId } from './session-id.js';

/**
 * The living session that a slot points to, or a new one. The pointer and the session are written in one transaction,
 * so of all tabs that start one at once a single one succeeds, and the others find it.
 */
export async function currentRecord<Data>(
  { backend, commit, draw, options, rules, shape }: Engine<Data>,
  slot: string,
  create: () => Data | PromiseLike<Data>,
): Promise<LiveRecord> {
  const slotId = slotRecordId(slot);
  let first: { readonly data: Data } | undefined;
  let target = targetOf(await backend.read(slotId));
  for (;;) {
    const seen = target;
    const found = seen === undefined ? undefined : await backend.read(seen);
    if (isInSlot(found, slotId, rules.now())) return found;

    first ??= { data: await create() };
    const given = { data: await shape.encode(first.data), life: options.life };
    const outcome = await draw((id) =>
      commit(
        seen === undefined ? [slotId, id] : [slotId, id, seen],
        occupySlot(rules, slotId, seen, id, given),
        (result) => ('record' in result ? result.written : []),
      ),
    );
    if ('record' in outcome) return outcome.record;
    // What the transaction saw, and not another read: that may lag behind it.
    ({ target } = outcome);
  }
}
