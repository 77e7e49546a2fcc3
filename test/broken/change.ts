/** How a backend is broken on purpose. */

import type {
  Backend,
  CurrentRecords,
  Decide,
  LiveRecord,
  StoredRecord,
} from '../../src/backend.js';
import { payloadOf } from '../../src/payload.js';
import type { SharedMemory } from '../shared-memory.js';

/** What a broken backend does instead of what a sound one does. */
export type Change = (inner: Backend, memory: SharedMemory) => Partial<Backend>;

/** Reads and decides first, and writes what came of it later, by `write`. */
export async function decideEarly<Result>(
  inner: Backend,
  ids: readonly string[],
  decide: Decide<Result>,
  write: (records: readonly StoredRecord[], remove: readonly string[]) => Promise<void>,
): Promise<Result> {
  const seen = new Map<string, StoredRecord | undefined>();
  for (const id of ids) seen.set(id, await inner.read(id));
  const { write: records = [], remove = [], result } = decide({ get: (id) => seen.get(id) });
  await write(records, remove);
  return result;
}

export function put(
  inner: Backend,
  records: readonly StoredRecord[],
  remove: readonly string[] = [],
): Promise<void> {
  const ids = [...records.map(({ id }) => id), ...remove];
  return inner.transact(ids, () => ({ write: records, remove, result: undefined }));
}

/** Writes other records than were decided. */
export function rewriting(
  rewrite: (records: readonly StoredRecord[], current: CurrentRecords) => readonly StoredRecord[],
): Change {
  return (inner) => ({
    transact: (ids, decide) =>
      inner.transact(ids, (current) => {
        const { write = [], ...decision } = decide(current);
        return { ...decision, write: rewrite(write, current) };
      }),
  });
}

/** Finds other records than are stored. */
export function rereading(
  reread: (record: StoredRecord | undefined, id: string) => StoredRecord | undefined,
): Change {
  return (inner) => ({
    read: async (id) => reread(await inner.read(id), id),
    transact: (ids, decide) =>
      inner.transact(ids, (current) => decide({ get: (id) => reread(current.get(id), id) })),
  });
}

export const mapData = (map: (data: unknown) => unknown): Change =>
  rewriting((records) =>
    records.map((record) =>
      record.kind === 'live' ? { ...record, data: payloadOf(map(record.data.value())) } : record,
    ),
  );

export const isLive = (record: StoredRecord | undefined): record is LiveRecord =>
  record?.kind === 'live';

/** What is done wrong, the rules whose cases must fail, and how it is done. */
export type Broken = readonly [what: string, rules: readonly string[], change: Change];
