/** What goes wrong only when several tabs are at it: found by the histories of their work. */

import type { Decide, StoredRecord } from '../../src/backend.js';
import { isSessionError, SessionError } from '../../src/errors.js';
import type { Clock } from '../../src/clock.js';
import { payloadOf } from '../../src/payload.js';
import { pass } from '../key-value-fixture.js';
import { decideEarly, isLive, put, rewriting, type Change } from './change.js';

/** What is done wrong, the rule that must be named, and how it is done. */
export type BrokenHistory = readonly [
  what: string,
  rule: string,
  change: (clock: Clock, random: (below: number) => number) => Change,
];

type Decided = { readonly write?: readonly StoredRecord[] };

/** What came before each record that is there now. */
function remembering(past: Map<string, StoredRecord>): Change {
  return (inner) => ({
    transact: (ids, decide) =>
      inner.transact(ids, (current) => {
        const decision = decide(current);
        for (const { id } of (decision as Decided).write ?? []) {
          const before = current.get(id);
          if (before) past.set(id, before);
        }
        return decision;
      }),
  });
}

/** Decides again on something else where the rules refuse. */
function insisting(
  code: 'ID_COLLISION' | 'VERSION_CONFLICT' | 'SESSION_ENDED',
  pretend: (record: StoredRecord | undefined, error: SessionError) => StoredRecord | undefined,
): Change {
  return (inner) => ({
    transact: (ids, decide) =>
      inner.transact(ids, (current) => {
        try {
          return decide(current);
        } catch (error) {
          if (!isSessionError(error, code)) throw error;
          return decide({ get: (id) => pretend(current.get(id), error) });
        }
      }),
  });
}

/** Several changes of one and the same backend, the first innermost. */
const all =
  (...changes: readonly Change[]): Change =>
  (inner, memory) => {
    let backend = inner;
    for (const change of changes) backend = { ...backend, ...change(backend, memory) };
    return backend;
  };

/** In two transactions, by choice in this order or the other. */
const inParts =
  (clock: Clock, isFirst: (record: StoredRecord) => boolean): Change =>
  (inner) => ({
    transact: async (ids, decide) => {
      if (ids.length === 1) return inner.transact(ids, decide);
      let rest: readonly StoredRecord[] = [];
      const result = await inner.transact(ids, (current) => {
        const decision = decide(current);
        rest = (decision.write ?? []).filter((record) => !isFirst(record));
        return { ...decision, write: (decision.write ?? []).filter(isFirst) };
      });
      await pass(clock, 5);
      await put(inner, rest);
      return result;
    },
  });

async function later(clock: Clock, delay: number, work: () => Promise<unknown>): Promise<void> {
  await pass(clock, delay);
  await work();
}

export const brokenHistories: readonly BrokenHistory[] = [
  [
    'read and write in two transactions',
    'R2',
    (clock) => (inner) => ({
      transact: (ids, decide) =>
        decideEarly(inner, ids, decide, async (records, remove) => {
          await pass(clock, 3);
          await put(inner, records, remove);
        }),
    }),
  ],
  [
    'a save that puts blindly over what this tab has read last',
    'R2',
    () => (inner) => {
      const known = new Map<string, StoredRecord>();
      return {
        async read(id) {
          const record = await inner.read(id);
          if (record) known.set(id, record);
          return record;
        },
        transact: (ids, decide) =>
          inner.transact(ids, (current) =>
            decide({
              get(id) {
                const record = current.get(id);
                const mine = known.get(id);
                return isLive(record) && isLive(mine) ? mine : record;
              },
            }),
          ),
      };
    },
  ],
  [
    'no tombstone',
    'R4',
    () => rewriting((records) => records.filter(({ kind }) => kind !== 'tombstone')),
  ],
  [
    'an end that removes, and leaves nothing',
    'R4',
    () => (inner) => ({
      transact: (ids, decide) =>
        inner.transact(ids, (current) => {
          const { write = [], result } = decide(current);
          const remove = write.filter(({ kind }) => kind === 'tombstone').map(({ id }) => id);
          return { write: write.filter(({ id }) => !remove.includes(id)), remove, result };
        }),
    }),
  ],
  [
    'a rotation that deletes first and creates later',
    'R10',
    (clock) => inParts(clock, (record) => !isLive(record)),
  ],
  ['a rotation that creates first and deletes later', 'R5', (clock) => inParts(clock, isLive)],
  [
    'a rotation with two winners',
    'R5',
    () => {
      const past = new Map<string, StoredRecord>();
      const again = insisting('VERSION_CONFLICT', (record) =>
        record?.kind === 'tombstone' ? past.get(record.id) : record,
      );
      return all(remembering(past), again);
    },
  ],
  [
    'a successor that begins at version 1 again',
    'R1',
    () =>
      rewriting((records) =>
        records.some(({ kind }) => kind === 'tombstone')
          ? records.map((record) => (isLive(record) ? { ...record, version: 1 } : record))
          : records,
      ),
  ],
  [
    'versions given out again after an end',
    'R1',
    () =>
      rewriting((records) =>
        records.map((record) => (record.kind === 'tombstone' ? { ...record, version: 0 } : record)),
      ),
  ],
  [
    'a cache that is stale',
    'R9',
    (clock) => (inner) => {
      const cache = new Map<string, { record: StoredRecord | undefined; at: number }>();
      return {
        async read(id) {
          const cached = cache.get(id);
          if (cached && clock.now() - cached.at < 100) return cached.record;
          const record = await inner.read(id);
          cache.set(id, { record, at: clock.now() });
          return record;
        },
      };
    },
  ],
  [
    'reads that go backwards',
    'R9',
    (_, random) => {
      const past = new Map<string, StoredRecord>();
      return all(remembering(past), (inner) => ({
        read: async (id) => (random(4) === 0 && past.get(id)) || inner.read(id),
      }));
    },
  ],
  [
    'an acknowledgement before the commit',
    'R9',
    (clock) => (inner) => ({
      transact: (ids, decide) =>
        decideEarly(inner, ids, decide, async (records, remove) => {
          void later(clock, 20, () => put(inner, records, remove));
        }),
    }),
  ],
  [
    'an acknowledgement that is taken back later',
    'R9',
    (clock, random) => (inner) => ({
      async transact(ids, decide) {
        const before = await Promise.all(ids.map((id) => inner.read(id)));
        const result = await inner.transact(ids, decide);
        const old = before.filter((record) => record !== undefined);
        if (random(10) === 0) void later(clock, 5, () => put(inner, old));
        return result;
      },
    }),
  ],
  [
    'a write that is lost now and then',
    'R2',
    (_, random) => rewriting((records) => (random(12) === 0 ? [] : records)),
  ],
  [
    'a write that is seen, and then fails',
    'R9',
    (clock, random) => (inner) => ({
      async transact<Result>(ids: readonly string[], decide: Decide<Result>): Promise<Result> {
        const before = await Promise.all(ids.map((id) => inner.read(id)));
        const result = await inner.transact(ids, decide);
        if (random(10) > 0) return result;
        await pass(clock, 10);
        await put(
          inner,
          before.filter((record) => record !== undefined),
        );
        throw new SessionError('STORE_UNAVAILABLE', 'the commit has failed');
      },
    }),
  ],
  ['a create that overwrites', 'R3', () => insisting('ID_COLLISION', () => undefined)],
  [
    'saveIfVersion without looking at the version',
    'R2',
    () =>
      insisting('VERSION_CONFLICT', (record, { expected }) =>
        isLive(record) && expected ? { ...record, version: expected } : record,
      ),
  ],
  [
    'a late save that resurrects',
    'R4',
    () => {
      const past = new Map<string, StoredRecord>();
      const again = insisting('SESSION_ENDED', (record) =>
        record?.kind === 'tombstone' ? past.get(record.id) : record,
      );
      return all(remembering(past), again);
    },
  ],
  [
    'a touch that counts as a write',
    'R1',
    () =>
      rewriting((records, current) =>
        records.map((record) =>
          isLive(record) && current.get(record.id)?.version === record.version
            ? { ...record, version: record.version + 1 }
            : record,
        ),
      ),
  ],
  [
    'an update on an older draft',
    'R2',
    () => {
      const past = new Map<string, StoredRecord>();
      return all(remembering(past), (inner) => ({
        transact: (ids, decide) =>
          inner.transact(ids, (current) =>
            decide({
              get(id) {
                const [record, old] = [current.get(id), past.get(id)];
                return isLive(record) && isLive(old) ? { ...record, data: old.data } : record;
              },
            }),
          ),
      }));
    },
  ],
  [
    'data of one version that differs from read to read',
    'R9',
    (_, random) => (inner) => ({
      async read(id) {
        const record = await inner.read(id);
        if (!isLive(record) || random(10) > 0) return record;
        return { ...record, data: payloadOf({ count: -1, by: 'nobody' }) };
      },
    }),
  ],
];
