/** Commits, clears and closes that go wrong. */

import { nextTurn } from '../../src/environment.js';
import { SessionError } from '../../src/errors.js';
import { sharedMemoryPlace } from '../shared-memory.js';
import { decideEarly, put, rewriting, mapData, isLive, type Broken } from './change.js';

export const brokenCommits: readonly Broken[] = [
  [
    'a transact that lets others in between its read and its write',
    ['R1', 'R2', 'R3', 'R4', 'R5'],
    (inner) => ({
      transact: (ids, decide) =>
        decideEarly(inner, ids, decide, async (records, remove) => {
          await nextTurn();
          await put(inner, records, remove);
        }),
    }),
  ],
  [
    'an upsert that knows no tombstones, and so resurrects',
    ['R1', 'R4', 'R5'],
    rewriting((records) => records.filter(({ kind }) => kind !== 'tombstone')),
  ],
  [
    'a rotation in two transactions, which forks',
    ['R5'],
    (inner) => ({
      transact: (ids, decide) =>
        ids.length === 1
          ? inner.transact(ids, decide)
          : decideEarly(inner, ids, decide, async (records, remove) => {
              await put(inner, records.filter(isLive));
              await put(
                inner,
                records.filter((record) => !isLive(record)),
                remove,
              );
            }),
    }),
  ],
  [
    'several records written one by one',
    ['R10'],
    (inner) => ({
      transact: (ids, decide) =>
        ids.length === 1
          ? inner.transact(ids, decide)
          : decideEarly(inner, ids, decide, async (records, remove) => {
              for (const record of records) {
                await nextTurn();
                await put(inner, [record]);
              }
              await put(inner, [], remove);
            }),
    }),
  ],
  [
    'a clear that empties every namespace',
    ['R14'],
    (inner, memory) => ({
      async clear(retain) {
        await inner.clear(retain);
        for (const other of memory.all())
          await other.clear((records) => records.filter(({ kind }) => kind === 'tombstone'));
      },
    }),
  ],
  [
    'namespaces told apart by their letters only',
    ['R14'],
    (inner) => ({
      open: (context) =>
        inner.open({ ...context, name: context.name.toLowerCase().replace(/\W/g, '') }),
    }),
  ],
  [
    'a commit acknowledged before it is made',
    ['R9'],
    (inner) => ({
      transact: (ids, decide) =>
        decideEarly(inner, ids, decide, async (records, remove) => {
          void nextTurn().then(() => put(inner, records, remove));
        }),
    }),
  ],
  [
    'versions that start again after an end',
    ['R1', 'R4'],
    rewriting((records) =>
      records.map((record) => (record.kind === 'tombstone' ? { ...record, version: 0 } : record)),
    ),
  ],
  [
    'a touch that counts as a write',
    ['R1', 'R6'],
    rewriting((records, current) =>
      records.map((record) =>
        isLive(record) && current.get(record.id)?.version === record.version
          ? { ...record, version: record.version + 1 }
          : record,
      ),
    ),
  ],
  [
    'data that goes through JSON',
    ['R12'],
    mapData((data) =>
      data === undefined
        ? data
        : JSON.parse(
            JSON.stringify(data, (_, value: unknown) =>
              typeof value === 'bigint' ? Number(value) : value,
            ),
          ),
    ),
  ],
  [
    'data that loses its dates',
    ['R12'],
    mapData((data) =>
      isPlain(data) && 'first' in data ? { ...data, first: String(data['first']) } : data,
    ),
  ],
  [
    'a clear that others come in between',
    ['R2'],
    (inner) => ({
      async clear(retain) {
        const { records } = await inner.scan({ by: 'id', limit: 1000 });
        const kept = retain(records);
        await nextTurn();
        await inner.clear(() => kept);
      },
    }),
  ],
  [
    'changes of records that were not asked for',
    ['R10'],
    (inner) => ({
      transact: (ids, decide) =>
        decideEarly(inner, ids, decide, (records, remove) => put(inner, records, remove)),
    }),
  ],
  [
    'one decide that throws taking others with it',
    ['R10'],
    (inner) => {
      let poison: Promise<unknown> = Promise.resolve();
      return {
        transact(ids, decide) {
          const mine = poison.then(() => inner.transact(ids, decide));
          poison = mine;
          const heal = async (): Promise<void> => {
            await nextTurn();
            poison = Promise.resolve();
          };
          mine.catch(heal);
          return mine;
        },
      };
    },
  ],
  [
    'a close that forgets',
    ['R9'],
    (inner) => ({
      async close() {
        await inner.clear(() => []);
        await inner.close();
      },
    }),
  ],
  [
    'an owner that is not stored',
    ['R1', 'R3', 'R7'],
    rewriting((records) =>
      records.map((record) => (isLive(record) ? { ...record, owner: null } : record)),
    ),
  ],
  [
    'a slot that is not stored',
    ['R1', 'R2', 'R10'],
    rewriting((records) => records.filter(({ kind }) => kind !== 'slot')),
  ],
  [
    'errors of its own instead of those of decide',
    ['R2', 'R3', 'R4'],
    (inner) => ({
      transact: (ids, decide) =>
        inner.transact(ids, decide).catch(() => {
          throw new SessionError('STORE_UNAVAILABLE', 'something went wrong');
        }),
    }),
  ],
  [
    'a capability that is not there: tabs that do not share',
    ['R9'],
    () => {
      const own = sharedMemoryPlace().backend();
      return { ...own };
    },
  ],
];

function isPlain(data: unknown): data is Record<string, unknown> {
  return (
    typeof data === 'object' && data !== null && Object.getPrototypeOf(data) === Object.prototype
  );
}
