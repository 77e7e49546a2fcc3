/**
 * localStorage under an exclusive Web Lock, as many have written it: and wrong, since the lock reaches another tab before
 * the change does. Runs in a page as well as in a simulated tab.
 */

import { superjsonCodec } from '../../src/codecs/superjson.js';
import type { Backend, StoredRecord } from '../../src/backend.js';
import { headerOf, parseRecord } from '../../src/record.js';

const codec = superjsonCodec();

export function unfencedBackend(storage: Storage, locks: LockManager): Backend {
  const read = (id: string): StoredRecord | undefined => {
    const item = storage.getItem(`unfenced:${id}`);
    if (item === null) return undefined;
    const [header, data] = JSON.parse(item) as [object, string];
    return parseRecord(id, header, item, () => ({ value: () => codec.decode(data) }));
  };
  const write = (record: StoredRecord): void => {
    const data = record.kind === 'live' ? codec.encode(record.data.value()) : '';
    storage.setItem(`unfenced:${record.id}`, JSON.stringify([headerOf(record), data]));
  };
  return {
    name: 'localStorage without the fence',
    capabilities: {
      shared: 'origin',
      atomic: true,
      persistent: true,
      durability: 'eventual',
      structuredClone: false,
    },
    async open() {},
    read: async (id) => read(id),
    transact: (_, decide) =>
      locks.request('unfenced', async () => {
        const { write: records = [], remove = [], result } = decide({ get: read });
        for (const record of records) write(record);
        for (const id of remove) storage.removeItem(`unfenced:${id}`);
        return result;
      }),
    scan: async () => ({ records: [], unreadable: [] }),
    listIds: async () => [],
    async clear() {},
    async close() {},
  };
}
