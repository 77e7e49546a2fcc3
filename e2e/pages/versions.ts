/** A page that plays one version of an app: `window.app`. */

// oxlint-disable unicorn/require-post-message-target-origin -- a rule for windows; channels have no such argument

import localforage from 'localforage';
import {
  isSessionError,
  openStore,
  type Backend,
  type LiveSession,
  type SessionStore,
} from 'tabkeep/core';
import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
import { localForageBackend } from 'tabkeep/stores/localforage';
import { localStorageBackend } from 'tabkeep/stores/local-storage';
import { memoryBackend } from 'tabkeep/stores/memory';
import { tabSync } from 'tabkeep/sync';
import type { BackendName } from './tab.js';

/** Version 1 stores `{ tea }`, version 2 `{ items }`. */
type Data = { tea?: number; items?: string[] };

const forage = (driver: string): LocalForage =>
  localforage.createInstance({ name: 'versions', driver });

const backends: Record<BackendName, () => Backend> = {
  indexeddb: () => indexedDBBackend(),
  'local-storage': () => localStorageBackend(),
  'localforage over indexeddb': () => localForageBackend(forage(localforage.INDEXEDDB)),
  'localforage over local-storage': () => localForageBackend(forage(localforage.LOCALSTORAGE)),
  memory: () => memoryBackend(),
};

let opened: SessionStore<Data> | undefined;
let live: LiveSession<Data> | undefined;
let inUse: Backend | undefined;
let version = 1;

const app = {
  /** The codes of what was reported in the background. */
  failures: [] as string[],
  heard: 0,

  get store(): SessionStore<Data> {
    if (opened === undefined) throw new Error('Open a store first.');
    return opened;
  },

  get live(): LiveSession<Data> {
    if (live === undefined) throw new Error('Open a session first.');
    return live;
  },

  async open(backend: BackendName, schemaVersion: number): Promise<void> {
    version = schemaVersion;
    opened = await openStore<Data>({
      name: 'versions',
      backend: (inUse = backends[backend]()),
      sync: tabSync(),
      schemaVersion,
      ...(schemaVersion === 2 && { migrate }),
      onError: (error) => app.failures.push(codeOf(error)),
    });
    opened.subscribe(() => app.heard++);
  },

  async view(id: string): Promise<void> {
    live = await app.store.open(id);
  },

  /** One cup more, as this version stores it. @returns the version written, or the code of the refusal */
  update: (id: string): Promise<number | string> =>
    outcome(async () => (await app.store.update(id, pour)).version),

  updateLive: (): Promise<number | string> =>
    outcome(async () => {
      await app.live.update(pour);
      return app.live.version;
    }),

  save: (id: string): Promise<number | string> =>
    outcome(async () => (await app.store.save(id, { tea: -1 })).version),

  load: (id: string): Promise<Data | string | undefined> =>
    outcome(async () => (await app.store.load(id))?.data),

  /** What lies in storage, as text. */
  async raw(backend: BackendName, id: string): Promise<string> {
    const key = `tabkeep:versions:r:${id}`;
    if (backend === 'local-storage') return String(localStorage.getItem(key));
    if (backend === 'indexeddb') return JSON.stringify(await rowsOfIndexedDB());
    if (backend === 'memory') {
      const record = await inUse?.read(id);
      return JSON.stringify(record?.kind === 'live' && [record, record.data.value()]);
    }
    const driver = backend.endsWith('indexeddb') ? localforage.INDEXEDDB : localforage.LOCALSTORAGE;
    return String(await forage(driver).getItem(key));
  },

  /** Adds a property to the stored header of a record, or changes one, as a newer version of the library might. */
  alterHeader(id: string, over: object): void {
    const key = `tabkeep:versions:r:${id}`;
    const [header = '', ...rest] = localStorage.getItem(key)!.split('\n');
    const altered = JSON.stringify({ ...JSON.parse(header), ...over });
    localStorage.setItem(key, [altered, ...rest].join('\n'));
  },

  /** Says something on the channel of the library. */
  say(message: unknown): void {
    const channel = new BroadcastChannel('tabkeep:versions');
    channel.postMessage(message);
    channel.close();
  },
};

function pour(data: Data): Data {
  return version === 2 ? { items: [...(data.items ?? []), 'tea'] } : { tea: (data.tea ?? 0) + 1 };
}

function migrate(data: unknown): Data {
  return { items: Array.from({ length: (data as Data).tea ?? 0 }, () => 'tea') };
}

function codeOf(error: unknown): string {
  return isSessionError(error) ? error.code : String(error);
}

async function outcome<Result>(work: () => Promise<Result>): Promise<Result | string> {
  try {
    return await work();
  } catch (error) {
    return codeOf(error);
  }
}

async function rowsOfIndexedDB(): Promise<unknown[]> {
  const open = indexedDB.open('tabkeep:versions');
  const answer = <Value>(request: IDBRequest<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(new Error(request.error?.message)));
    });
  const database = await answer(open);
  const names = [...database.objectStoreNames];
  const transaction = database.transaction(names);
  const rows = await Promise.all(
    names.map((name) => answer(transaction.objectStore(name).getAll())),
  );
  database.close();
  return rows;
}

export type App = typeof app;

declare global {
  interface Window {
    app: App;
  }
}

window.app = app;
