/** A signed-in tab whose token runs out: `window.login` refreshes it, and reads through a cache. */

import { isSessionError, openStore, type LiveSession, type SessionStore } from 'tabkeep/core';
import { cachedBackend } from 'tabkeep/stores/cached';
import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
import { localStorageBackend } from 'tabkeep/stores/local-storage';
import { refreshOnce, tabSync } from 'tabkeep/sync';

const backends = {
  IndexedDB: () => indexedDBBackend(),
  localStorage: () => localStorageBackend(),
  'cached IndexedDB': () => cachedBackend(indexedDBBackend()),
};

export type LoginBackend = keyof typeof backends;

export interface Login {
  readonly cart: string[];
  token: number;
  isValid: boolean;
}

let opened: SessionStore<Login> | undefined;
let live: LiveSession<Login> | undefined;
const failures: string[] = [];

const login = {
  failures,

  get store(): SessionStore<Login> {
    if (opened === undefined) throw new Error('Open a store first.');
    return opened;
  },

  get session(): LiveSession<Login> {
    if (live === undefined) throw new Error('Open a store first.');
    return live;
  },

  async open(backend: LoginBackend): Promise<string> {
    opened = await openStore<Login>({
      name: 'login',
      backend: backends[backend](),
      sync: tabSync(),
      onError: (error) => failures.push(String(error)),
    });
    live = await opened.current({ create: () => ({ cart: ['tea'], token: 0, isValid: false }) });
    return live.id;
  },

  /** @param busy - how long this tab stands still before it stores what it got, as a frozen one does; milliseconds */
  async refresh(timeout: number, busy = 0): Promise<Login | string> {
    try {
      return await refreshOnce(
        login.session,
        ({ isValid }) => !isValid,
        async (_, { signal }) => {
          const answer = await fetch('/auth/refresh', { method: 'POST', signal });
          const token = Number(await answer.text());
          for (const end = Date.now() + busy; Date.now() < end;);
          return (data) => void Object.assign(data, { token, isValid: true });
        },
        { timeout },
      );
    } catch (error) {
      return isSessionError(error) ? error.code : String(error);
    }
  },

  /** Milliseconds for one `load`, on average. */
  async timeLoads(id: string, count: number, forget: () => Promise<unknown>): Promise<number> {
    let spent = 0;
    for (let i = 0; i < count; i++) {
      await forget();
      const start = performance.now();
      await login.store.load(id);
      spent += performance.now() - start;
    }
    return spent / count;
  },
};

declare global {
  interface Window {
    login: typeof login;
  }
}

window.login = login;
