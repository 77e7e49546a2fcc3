/** Reads that go wrong. */

import type { StoredRecord } from '../../src/backend.js';
import { payloadOf } from '../../src/payload.js';
import { live } from '../../src/testing/records.js';
import { put, rereading, isLive, type Broken } from './change.js';

export const brokenReads: readonly Broken[] = [
  [
    'tombstones that are not found by transactions',
    ['R1', 'R4', 'R5'],
    (inner) => ({
      transact: (ids, decide) =>
        inner.transact(ids, (current) =>
          decide({
            get(id) {
              const record = current.get(id);
              return record?.kind === 'tombstone' ? undefined : record;
            },
          }),
        ),
    }),
  ],
  [
    'an expiry computed in 32 bits',
    ['R6'],
    (inner) => {
      let now = (): number => 0;
      const isGone = (record: StoredRecord | undefined): boolean =>
        isLive(record) && record.expiresAt !== null && ((record.expiresAt - now()) | 0) <= 0;
      return {
        open(context) {
          now = context.now;
          return inner.open(context);
        },
        ...rereading((record) => (isGone(record) ? undefined : record))(inner, undefined as never),
      };
    },
  ],
  [
    'a wipe that nobody is told of',
    ['R16'],
    (inner) => ({ open: (context) => inner.open({ ...context, onReset: () => {} }) }),
  ],
  [
    'a wipe that is told of again and again',
    ['R16'],
    (inner) => {
      let tellAgain = (): void => {};
      return {
        open: (context) =>
          inner.open({
            ...context,
            onReset(reset) {
              tellAgain = () => context.onReset(reset);
              tellAgain();
            },
          }),
        transact(ids, decide) {
          tellAgain();
          return inner.transact(ids, decide);
        },
      };
    },
  ],
  [
    'an absence taken for a wipe',
    ['R16'],
    (inner) => {
      let lost = (): void => {};
      return {
        open(context) {
          lost = () => context.onReset({ epoch: 'new', previous: 'old' });
          return inner.open(context);
        },
        transact: (ids, decide) =>
          inner.transact(ids, (current) => {
            if (ids.every((id) => current.get(id) === undefined)) lost();
            return decide(current);
          }),
      };
    },
  ],
  [
    'a failed read reported as absence',
    ['R8'],
    (inner) => ({
      read: (id) => inner.read(id).catch(() => undefined),
      transact: (ids, decide) =>
        inner.transact(ids, (current) =>
          decide({
            get(id) {
              try {
                return current.get(id);
              } catch {
                return undefined;
              }
            },
          }),
        ),
    }),
  ],
  [
    'garbage decoded as an empty session',
    ['R8'],
    (inner) => {
      const empty = (id: string): StoredRecord => live(id, { data: payloadOf({}) });
      return {
        read: (id) => inner.read(id).catch(() => empty(id)),
        transact: (ids, decide) =>
          inner.transact(ids, (current) =>
            decide({
              get(id) {
                try {
                  return current.get(id);
                } catch {
                  return empty(id);
                }
              },
            }),
          ),
      };
    },
  ],
  [
    'a clear that leaves what it cannot read',
    ['R8'],
    (inner) => ({
      async clear(retain) {
        const { records } = await inner.scan({ by: 'id', limit: 1000 });
        const kept = retain(records);
        const gone = records
          .map(({ id }) => id)
          .filter((id) => !kept.some((record) => record.id === id));
        await put(inner, kept, gone);
      },
    }),
  ],
  [
    'ids without regard to case',
    ['R3'],
    (inner) => ({
      read: (id) => inner.read(id.toLowerCase()),
      transact: (ids, decide) =>
        inner.transact(
          ids.map((id) => id.toLowerCase()),
          (current) => {
            const {
              write = [],
              remove = [],
              result,
            } = decide({ get: (id) => current.get(id.toLowerCase()) });
            return {
              write: write.map((record) => ({ ...record, id: record.id.toLowerCase() })),
              remove: remove.map((id) => id.toLowerCase()),
              result,
            };
          },
        ),
    }),
  ],
  [
    'a closed backend that finds nothing',
    ['R8'],
    (inner) => ({ read: (id) => inner.read(id).catch(() => undefined) }),
  ],
  [
    'a cache that is never renewed',
    ['R9'],
    (inner) => {
      const cache = new Map<string, StoredRecord | undefined>();
      return {
        async read(id) {
          if (!cache.has(id)) cache.set(id, await inner.read(id));
          return cache.get(id);
        },
      };
    },
  ],
];
