/** Scans and lists that go wrong. */

import type { Broken } from './change.js';

export const brokenScans: readonly Broken[] = [
  [
    'listIds with expired sessions',
    ['R6', 'R14'],
    (inner) => ({ listIds: (query) => inner.listIds({ ...query, aliveAt: -Infinity }) }),
  ],
  [
    'listIds with tombstones',
    ['R4', 'R14'],
    (inner) => ({
      async listIds(query) {
        const { records } = await inner.scan({ by: 'id', limit: 1000 });
        const ended = records.filter(({ kind }) => kind === 'tombstone').map(({ id }) => id);
        return [...(await inner.listIds(query)), ...ended].sort();
      },
    }),
  ],
  [
    'listIds that does not page',
    ['R14'],
    (inner) => ({
      listIds: (query) => inner.listIds({ ...query, limit: Infinity, after: undefined }),
    }),
  ],
  [
    'a scan in no order',
    ['R7'],
    (inner) => ({
      async scan(query) {
        const page = await inner.scan(query);
        return { ...page, records: [...page.records].reverse() };
      },
    }),
  ],
  [
    'a scan that ends after its first page',
    ['R7'],
    (inner) => ({ scan: async (query) => ({ ...(await inner.scan(query)), next: undefined }) }),
  ],
  [
    'a scan of everything where a time was asked',
    ['R7'],
    (inner) => ({
      scan: (query) => inner.scan('until' in query ? { ...query, until: Infinity } : query),
    }),
  ],
  [
    'a scan that does not know owners',
    ['R7'],
    (inner) => ({
      scan: (query) => inner.scan(query.by === 'owner' ? { ...query, by: 'id' } : query),
    }),
  ],
];
