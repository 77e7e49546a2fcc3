/** A session that becomes unreadable. */

import type { Backend, StoredRecord } from '../backend.js';
import { unreadable } from '../record.js';
import { live, plain, put } from './records.js';
import type { Damage, ReadRaw } from './runner.js';
import { namespace, type Trial } from './trial.js';

export interface Damageable {
  /** The next tab's backend, which meets the damage once it was done. */
  readonly backend: () => Backend;
  /** Damages the session. @returns reads what lies there now */
  readonly strike: (how: Damage) => Promise<ReadRaw>;
}

/**
 * Damages a session in the place itself; where nothing but the backend has the records, in front of the backend, so that
 * the store is put to the test all the same.
 */
export function damageable(trial: Trial, id: string): Damageable {
  if (trial.place.plant !== undefined) {
    return {
      backend: () => trial.backend(),
      strike: (how) => trial.place.plant!(namespace, id, how),
    };
  }
  let isStruck = false;
  return {
    backend: () => damagedBackend(trial.backend(), id, () => isStruck),
    async strike() {
      const inner = await trial.opened();
      if ((await inner.read(id)) === undefined) await put(inner, live(id));
      isStruck = true;
      return async () => plain(await inner.read(id));
    },
  };
}

/** A backend that cannot read one of its records. */
function damagedBackend(inner: Backend, damagedId: string, isStruck: () => boolean): Backend {
  const isDamaged = ({ id }: { readonly id: string }): boolean => id === damagedId && isStruck();
  const check = (id: string): void => {
    if (isDamaged({ id })) throw unreadable(id, 'damaged');
  };
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    open: (context) => inner.open(context),
    async read(id) {
      check(id);
      return inner.read(id);
    },
    transact: (ids, decide) =>
      inner.transact(ids, (current) =>
        decide({
          get(id): StoredRecord | undefined {
            check(id);
            return current.get(id);
          },
        }),
      ),
    async scan(query) {
      const page = await inner.scan(query);
      const records = page.records.filter((record) => !isDamaged(record));
      return { ...page, records, unreadable: isStruck() ? [unreadable(damagedId, 'damaged')] : [] };
    },
    listIds: async (query) => (await inner.listIds(query)).filter((id) => !isDamaged({ id })),
    clear: (retain) =>
      inner.clear((records) => retain(records.filter((record) => !isDamaged(record)))),
    close: () => inner.close(),
  };
}
