import { vi } from 'vitest';
import type { LiveSession, Milliseconds, SessionStore } from '../src/session.js';
import { openStore } from '../src/store.js';
import { cachedBackend } from '../src/stores/cached.js';
import { refreshOnce, type Refresh, type RefreshOnceOptions } from '../src/sync/refresh-once.js';
import { simulateOrigin, type SimulatedTab } from '../src/testing/simulated-origin.js';
import { simulatedTabs } from '../src/testing/simulated-tabs.js';
import { SharedMemory } from './shared-memory.js';
import { virtualClock } from './virtual-clock.js';

export interface Login {
  readonly cart: string[];
  token: number;
  isValid: boolean;
}

export const runOut = ({ isValid }: Login): boolean => !isValid;

/** A tab that refreshes. */
export interface RefreshingTab {
  readonly store: SessionStore<Login>;
  readonly session: LiveSession<Login>;
  readonly locks: LockManager;
  readonly browser: SimulatedTab;
  readonly errors: unknown[];
  readonly refresh: (fn?: Refresh<Login>, options?: Partial<RefreshOnceOptions>) => Promise<Login>;
}

/** An origin with tabs, and a server that gives tokens: 1, 2, 3 … */
export async function refreshWorld(count: number, seed = 1) {
  const clock = virtualClock();
  const origin = simulateOrigin({ seed, clock });
  const memory = new SharedMemory();
  const channel = simulatedTabs({ faults: { seed, lost: 0, doubled: 0, clock } });
  const pass = (time: Milliseconds): Promise<void> =>
    new Promise((done) => void clock.after(time, done));
  let given = 0;
  const ask = vi.fn<(tab: number) => Promise<number>>(async () => {
    const token = ++given;
    await pass(50);
    return token;
  });
  const tabs: RefreshingTab[] = [];
  for (let i = 0; i < count; i++) {
    const store = await openStore<Login>({
      name: 'shop',
      backend: i % 2 === 0 ? memory.tab() : cachedBackend(memory.tab()),
      sync: channel.tab(),
      clock,
    });
    const create = (): Login => ({ cart: ['tea'], token: 0, isValid: false });
    const session = await store.current({ create });
    const browser = origin.openTab();
    const { locks } = browser;
    const errors: unknown[] = [];
    const put: Refresh<Login> = async () => {
      const token = await ask(i);
      return (login) => void Object.assign(login, { token, isValid: true });
    };
    const own = {
      timeout: 1000,
      locks,
      clock,
      onError: (error: unknown) => void errors.push(error),
    };
    const refresh: RefreshingTab['refresh'] = (fn = put, options = {}) =>
      refreshOnce(session, runOut, fn, { ...own, ...options });
    tabs.push({ store, session, locks, browser, errors, refresh });
  }
  return { tabs, ask, pass, clock };
}
