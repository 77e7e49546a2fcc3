// Places for the conformance kit: where each backend of ours keeps its sessions, and how to damage one there.

import { headerOf } from '../src/record.js';
import type { Backend } from '../src/backend.js';
import { live } from '../src/testing/records.js';
import type { Damage, Place } from '../src/testing/index.js';

function sound(id: string): object {
  return headerOf(live(id));
}

/** An own key that a careless reader takes for the prototype; a literal would set the prototype itself. */
function polluting(): object {
  return JSON.parse('{"__proto__":{"polluted":true}}');
}

function answer<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error!));
  });
}

const damagedRow: Record<Damage, (id: string, row: object) => object> = {
  foreign: (id) => ({ id, somebody: 'else', version: 'two' }),
  // Still found under its owner, and yet no session.
  cut: (_, row) =>
    Object.fromEntries(
      Object.entries({ ...row, owner: 'ann' }).filter(([key]) => key !== 'version'),
    ),
  polluting: (_, row) => ({ ...row, data: polluting() }),
};

/** What a store in IndexedDB leaves in localStorage (R16): the next place is an origin that nobody has visited yet. */
function forgetWitnesses(): void {
  const storage = globalThis.localStorage as Storage | undefined;
  for (const key of Object.keys(storage ?? {})) {
    if (/^tabkeep:.*:witness/.test(key)) storage?.removeItem(key);
  }
}

/** An origin's IndexedDB. */
export function indexedDBPlace(factory: IDBFactory, backend: () => Backend): Place {
  const rows = async <Value>(name: string, use: (store: IDBObjectStore) => IDBRequest<Value>) => {
    const database = await answer(factory.open(`tabkeep:${name}`));
    try {
      return await answer(use(database.transaction('records', 'readwrite').objectStore('records')));
    } finally {
      database.close();
    }
  };
  return {
    backend,
    async plant(name, id, damage) {
      const row = (await rows<unknown>(name, (store) => store.get(id))) as object | undefined;
      const damaged = damagedRow[damage](id, row ?? { ...sound(id), data: 'data' });
      await rows(name, (store) => store.put(damaged));
      return () => rows<unknown>(name, (store) => store.get(id));
    },
    async wipe(name) {
      await answer(factory.deleteDatabase(`tabkeep:${name}`));
    },
    async dispose() {
      for (const { name } of await factory.databases()) {
        if (name?.startsWith('tabkeep')) await answer(factory.deleteDatabase(name));
      }
      forgetWitnesses();
    },
  };
}

/** What is used of localStorage and of localForage. */
interface KeyValue {
  getItem(key: string): unknown;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
  clear(): unknown;
}

function damagedText(damage: Damage, id: string, text: string | undefined): string {
  const whole = text ?? `${JSON.stringify({ ...sound(id), codec: 'superjson' })}\n{"json":"data"}`;
  switch (damage) {
    case 'foreign':
      return 'somebody else was here';
    case 'cut':
      return whole.slice(0, whole.length / 2);
    case 'polluting':
      return `${whole.split('\n')[0]}\n${JSON.stringify({ json: polluting() })}`;
  }
}

/** A storage of keys and texts. */
export function keyValuePlace(
  storage: KeyValue,
  keys: () => readonly string[] | Promise<readonly string[]>,
  backend: () => Backend,
): Place {
  const keyOf = (name: string, id: string): string => `tabkeep:${encodeURIComponent(name)}:r:${id}`;
  return {
    backend,
    async plant(name, id, damage) {
      const key = keyOf(name, id);
      const before = await storage.getItem(key);
      const text = typeof before === 'string' ? before : undefined;
      await storage.setItem(key, damagedText(damage, id, text));
      return async () => storage.getItem(key);
    },
    // All of it at once, as a browser does.
    async wipe() {
      await storage.clear();
    },
    async dispose() {
      for (const key of await keys()) if (key.startsWith('tabkeep:')) await storage.removeItem(key);
      forgetWitnesses();
      const factory = globalThis.indexedDB as IDBFactory | undefined;
      if (factory !== undefined) await answer(factory.deleteDatabase('tabkeep-witness'));
    },
  };
}
