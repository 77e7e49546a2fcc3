/**
 * Moves records up from one backend to a better one. A crash at any point leaves each of them in at least one of the two,
 * and moving again is harmless.
 */

import type {
  Backend,
  BackendContext,
  CurrentRecords,
  ScanPage,
  SlotRecord,
  StoredRecord,
} from '../backend.js';
import { pagesOf } from '../pages.js';
import type { EpochMilliseconds } from '../session.js';

/** Counts, in a backend, how often its records have moved up: so other tabs see that they were taken away. */
export const movesId = '\u0001moves';

/** Written and removed again to see whether a backend really takes writes. */
export const probeId = '\u0001probe';

/** Records of our own, which neither move nor concern the store. */
export function isOwn({ id }: StoredRecord): boolean {
  return id === movesId || id === probeId;
}

export function ownRecord(id: string, version: number, now: EpochMilliseconds): SlotRecord {
  return { kind: 'slot', id, version, createdAt: now, updatedAt: now, target: '' };
}

export function movesOf(record: StoredRecord | undefined): number {
  return record?.version ?? 0;
}

/**
 * Brings every record of `worse` to `better`, and removes it only once it is committed there. Where both have one the newer
 * wins. What cannot be read stays where it is, and is reported.
 *
 * @throws what `better` refuses the records with; `worse` is then as it was. Once all are copied nothing throws any more
 */
export async function moveUp(
  worse: Backend,
  better: Backend,
  { now, onError }: BackendContext,
): Promise<void> {
  const report = (error: unknown): void => onError(error, { during: 'backend' });
  let found = 0;
  for await (const { records, unreadable } of pagesToMove(worse)) {
    const { taken, refused } = await copy(records, better);
    found += taken.length;
    [...unreadable, ...refused].forEach(report);
  }
  if (found === 0) return;
  try {
    await countMove(worse, now());
    // Again from the start: until the move was counted, another tab may still have written to `worse`.
    for await (const { records } of pagesToMove(worse)) {
      const { taken } = await copy(records, better);
      await removeUnchanged(taken, worse);
    }
  } catch (error) {
    report(error);
  }
}

async function* pagesToMove(backend: Backend): AsyncGenerator<ScanPage> {
  for await (const page of pagesOf(backend, { by: 'id' })) {
    yield { ...page, records: page.records.filter((record) => !isOwn(record)) };
  }
}

interface Copied {
  /** Those that are safe in the better backend now, in this or a newer version. */
  readonly taken: readonly StoredRecord[];
  readonly refused: readonly unknown[];
}

function copy(records: readonly StoredRecord[], better: Backend): Promise<Copied> {
  return better.transact(idsOf(records), (current) => {
    const write: StoredRecord[] = [];
    const taken: StoredRecord[] = [];
    const refused: unknown[] = [];
    for (const record of records) {
      try {
        if (isNewer(record, current)) write.push(record);
        taken.push(record);
      } catch (error) {
        refused.push(error);
      }
    }
    return { write, result: { taken, refused } };
  });
}

/** @throws {@link SessionError} `DECODE_FAILED` when one of the two cannot be read */
function isNewer(record: StoredRecord, current: CurrentRecords): boolean {
  const other = current.get(record.id);
  if (record.kind === 'live') record.data.value();
  if (other === undefined || record.version !== other.version) {
    return record.version > (other?.version ?? 0);
  }
  return record.kind === 'tombstone' && other.kind !== 'tombstone';
}

function countMove(worse: Backend, now: EpochMilliseconds): Promise<void> {
  return worse.transact([movesId], (current) => ({
    write: [ownRecord(movesId, movesOf(current.get(movesId)) + 1, now)],
    result: undefined,
  }));
}

/** Leaves what was written since: by a tab that opened `worse` after the move was counted. */
function removeUnchanged(records: readonly StoredRecord[], worse: Backend): Promise<void> {
  return worse.transact(idsOf(records), (current) => ({
    remove: idsOf(
      records.filter(({ id, version, kind }) => {
        const now = current.get(id);
        return now?.version === version && now.kind === kind;
      }),
    ),
    result: undefined,
  }));
}

function idsOf(records: readonly StoredRecord[]): string[] {
  return records.map(({ id }) => id);
}
