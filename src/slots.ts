/** `current()`: the session that all tabs of this profile share. */

import type { LiveRecord } from './backend.js';
import type { Engine } from './engine.js';
import { occupySlot, targetOf } from './rules.js';
import { slotRecordId } from './session-id.js';
import { alive } from './standing.js';

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
  for (;;) {
    const target = targetOf(await backend.read(slotId));
    const found = target === undefined ? undefined : await backend.read(target);
    const living = alive(found, rules.now());
    if (living !== undefined) return living;

    first ??= { data: await create() };
    const given = { data: await shape.encode(first.data), life: options.life };
    const seen = target === undefined ? [] : [target];
    const begun = await draw((id) =>
      commit(
        [slotId, id, ...seen],
        occupySlot(rules, slotId, target, id, given),
        (outcome) => outcome?.written ?? [],
      ),
    );
    if (begun !== undefined) return begun.record;
  }
}
