/**
 * A page that writes until it is killed: `window.ledger`. Each entry can be checked on its own, so that whoever reads it
 * afterwards sees a half-written one, and each is told to the test as soon as it is acknowledged.
 */

import { openStore, type Backend, type SessionStore } from 'tabkeep/core';
import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
import { localStorageBackend } from 'tabkeep/stores/local-storage';
import { tabSync } from 'tabkeep/sync';

const backends = {
  relaxed: () => indexedDBBackend({ durability: 'relaxed' }),
  strict: () => indexedDBBackend({ durability: 'strict' }),
  'local-storage': () => localStorageBackend(),
} satisfies Record<string, () => Backend>;

export type LedgerBackend = keyof typeof backends;

interface Entry {
  count: number;
  /** Follows from the count: where it does not, the entry is torn. */
  text: string;
}

/** What was acknowledged: how far the entry has come, and the session that is rotated beside it. */
export interface Acknowledged {
  readonly count: number;
  readonly rotations: number;
}

/** What lies in the store. */
export interface Found extends Acknowledged {
  readonly isEmpty: boolean;
  /** What is wrong with it; empty when all is well. */
  readonly torn: readonly string[];
  /** The wipes that this page was told of. */
  readonly resets: number;
}

const id = 'entry';
const slot = 'rotated';

let store: SessionStore<Entry>;
let resets = 0;

function entryOf(count: number): Entry {
  return { count, text: `${count} `.repeat(200) };
}

const ledger = {
  async open(backend: LedgerBackend): Promise<void> {
    store = await openStore<Entry>({
      name: 'ledger',
      backend: backends[backend](),
      sync: tabSync(),
    });
    store.subscribe(({ type }) => (resets += type === 'reset' ? 1 : 0));
  },

  /** Starts the ledger in an empty store. */
  async begin(): Promise<void> {
    await store.create(entryOf(0), { id });
    await store.current({ slot, create: () => entryOf(0) });
  },

  async find(): Promise<Found> {
    const ids = await store.listIds();
    // The news of a wipe comes beside the first answers.
    await new Promise((resolve) => void setTimeout(resolve, 50));
    if (ids.length === 0) return { isEmpty: true, torn: [], resets, count: 0, rotations: 0 };
    const torn: string[] = [];
    const entry = await store.load(id);
    const create = (): never => {
      throw new Error('the rotated session is gone');
    };
    const rotated = await store.current({ slot, create });
    if (entry === undefined) torn.push('the entry is gone');
    for (const found of [entry, rotated]) {
      if (found === undefined) continue;
      if (found.data.text !== entryOf(found.data.count).text) torn.push('a text is torn');
      if (found.version !== found.data.count + 1) torn.push('a version is not that of its data');
    }
    const strangers = ids.filter((each) => each !== id && each !== rotated.id);
    if (strangers.length > 0) torn.push(`${strangers.length} sessions too many`);
    const rotations = rotated.data.count;
    rotated.close();
    return { isEmpty: false, torn, resets, count: entry?.data.count ?? 0, rotations };
  },

  /** Writes so many entries; for ever when no number is given. */
  async write(times = Infinity): Promise<void> {
    const rotated = await store.current({ slot, create: () => entryOf(0) });
    for (let i = 0; i < times; i++) {
      const entry = await store.update(id, ({ count }) => entryOf(count + 1));
      if (i % 4 === 0) await rotated.rotate({ data: entryOf(rotated.data.count + 1) });
      window.acknowledged({ count: entry.data.count, rotations: rotated.data.count });
    }
  },
};

declare global {
  interface Window {
    ledger: typeof ledger;
    /** Given by the test. */
    acknowledged(reached: Acknowledged): void;
  }
}

window.ledger = ledger;
