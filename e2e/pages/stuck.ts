/** A page that stays, on command, where it waits for something in the middle of a commit: `window.stuck`. */

import localforage from 'localforage';
import { isSessionError, openStore, type Backend, type SessionStore } from 'tabkeep/core';
import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
import { localForageBackend, type LocalForageInstance } from 'tabkeep/stores/localforage';
import { localStorageBackend } from 'tabkeep/stores/local-storage';
import { tabSync } from 'tabkeep/sync';

/** Where it stays, always with the lock of commits in hand. */
export type Place =
  | 'asking which number is held'
  | 'taking its own number'
  | 'reading the record'
  | 'having written the record'
  | 'having written the journal';

export type StuckBackend =
  | 'indexeddb'
  | 'local-storage'
  | 'localforage over indexeddb'
  | 'localforage over local-storage';

interface Data {
  count: number;
}

export interface Answer {
  readonly count?: number | undefined;
  readonly code?: string | undefined;
  readonly took: number;
}

let place: Place | undefined;
let goOn = (): void => {};

/** Stays here once, if it is the place. */
async function pass(here: Place): Promise<void> {
  if (place !== here) return;
  place = undefined;
  await new Promise<void>((resolve) => {
    goOn = resolve;
    stuck.isStuck = true;
  });
  stuck.isStuck = false;
}

let holds = 0;

/** The browser's own Web Locks. */
const locks = {
  async request(name: string, options: LockOptions, task: (lock: Lock | null) => unknown) {
    if (name.includes(':fence:') && !options.steal) await pass('taking its own number');
    if (!name.endsWith(':commit')) return navigator.locks.request(name, options, task);
    return navigator.locks.request(name, options, async (lock) => {
      holds++;
      try {
        return await task(lock);
      } finally {
        holds--;
      }
    });
  },
  async query() {
    const snapshot = await navigator.locks.query();
    if (holds > 0) await pass('asking which number is held');
    return snapshot;
  },
} as LockManager;

function forage(driver: string): Backend {
  const inner = localforage.createInstance({ name: 'stuck', driver });
  const instance: LocalForageInstance = {
    async getItem(key) {
      if (key.includes(':r:') && holds > 0) await pass('reading the record');
      return inner.getItem(key);
    },
    async setItem(key, value) {
      await inner.setItem(key, value);
      if (key.includes(':r:')) await pass('having written the record');
      if (key.endsWith(':journal')) await pass('having written the journal');
    },
    removeItem: (key) => inner.removeItem(key),
    keys: () => inner.keys(),
    driver: () => inner.driver(),
    config: () => inner.config(),
  };
  return localForageBackend(instance, { locks });
}

const backends: Record<StuckBackend, () => Backend> = {
  indexeddb: () => indexedDBBackend(),
  'local-storage': () => localStorageBackend({ locks }),
  'localforage over indexeddb': () => forage(localforage.INDEXEDDB),
  'localforage over local-storage': () => forage(localforage.LOCALSTORAGE),
};

let opened: SessionStore<Data> | undefined;

const stuck = {
  isStuck: false,
  ticks: 0,
  answers: [] as Answer[],

  get store(): SessionStore<Data> {
    if (opened === undefined) throw new Error('Open a store first.');
    return opened;
  },

  async open(backend: StuckBackend): Promise<void> {
    opened = await openStore<Data>({
      name: 'stuck',
      backend: backends[backend](),
      sync: tabSync(),
    });
  },

  /** From now on a commit stays there, once. */
  stayAt(where: Place): void {
    place = where;
  },

  goOn(): void {
    goOn();
  },

  /** Keeps a transaction of IndexedDB open that writes to the store. */
  keepTransaction(): void {
    indexedDB.open('tabkeep:stuck').addEventListener('success', (event) => {
      const database = (event.target as IDBOpenDBRequest).result;
      const [first, ...rest] = database.objectStoreNames;
      const transaction = database.transaction([first!, ...rest], 'readwrite');
      let isKept = true;
      goOn = () => (isKept = false);
      const keep = (): void => {
        stuck.isStuck = isKept;
        const request = transaction.objectStore(first!).count();
        if (isKept) request.addEventListener('success', keep);
        else database.close();
      };
      keep();
    });
  },

  /** @returns what became of so many increments, one after the other */
  async increment(id: string, times = 1): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let n = 0; n < times; n++) {
      answers.push(await answer(() => stuck.store.update(id, (data) => void data.count++)));
    }
    return answers;
  },

  /** The same in the background: the answers come later. */
  begin(id: string): void {
    void stuck.increment(id).then((answers) => stuck.answers.push(...answers));
  },

  beginRotation(id: string, successor: string): void {
    const rotating = answer(() => stuck.store.rotate(id, { id: successor }));
    void rotating.then((result) => stuck.answers.push(result));
  },
};

async function answer(work: () => Promise<{ readonly data: Data }>): Promise<Answer> {
  const begun = performance.now();
  try {
    const { data } = await work();
    return { count: data.count, took: performance.now() - begun };
  } catch (error) {
    if (!isSessionError(error)) throw error;
    return { code: error.code, took: performance.now() - begun };
  }
}

setInterval(() => stuck.ticks++, 50);

export type Stuck = typeof stuck;

declare global {
  interface Window {
    stuck: Stuck;
  }
}

window.stuck = stuck;
