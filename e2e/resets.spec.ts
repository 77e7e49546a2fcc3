/** A store that is wiped under its tabs, or between two visits: every tab notices, and none cries wolf (R16). */

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type BrowserContext, type CDPSession, type Page } from 'playwright/test';
import { test } from './faults.js';
import type { BackendName } from './pages/tab.js';
import { launchOn, temporaryFolder } from './profile.js';
import { openStoreIn, openStores, openTab } from './tabs.js';

interface World {
  readonly session: CDPSession;
  readonly origin: string;
  /** A tab of the origin that has no store open. */
  readonly stranger: Page;
}

const clear =
  (storageTypes: string) =>
  ({ session, origin }: World): Promise<unknown> =>
    session.send('Storage.clearDataForOrigin', { origin, storageTypes });

const clearings: Record<string, (world: World) => Promise<unknown>> = {
  'IndexedDB cleared by the user': clear('indexeddb'),
  'localStorage cleared by the user': clear('local_storage'),
  'all site data cleared by the user': clear('all'),
  'the database deleted by a stranger': ({ stranger }) =>
    stranger.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.deleteDatabase('tabkeep:e2e');
          request.addEventListener('success', () => resolve());
          request.addEventListener('blocked', () => reject(new Error('A tab is in the way.')));
        }),
    ),
  'localStorage cleared by a stranger': ({ stranger }) =>
    stranger.evaluate(() => localStorage.clear()),
};

/** By backend: what wipes it, and what must not be taken for a wipe of it. */
const plans = {
  indexeddb: {
    wipes: [
      'IndexedDB cleared by the user',
      'all site data cleared by the user',
      'the database deleted by a stranger',
    ],
    others: ['localStorage cleared by the user', 'localStorage cleared by a stranger'],
    rounds: [20, 400],
  },
  'local-storage': {
    wipes: [
      'localStorage cleared by the user',
      'all site data cleared by the user',
      'localStorage cleared by a stranger',
    ],
    others: ['IndexedDB cleared by the user', 'the database deleted by a stranger'],
    rounds: [10, 100],
  },
} satisfies Partial<
  Record<
    BackendName,
    { wipes: readonly string[]; others: readonly string[]; rounds: readonly [number, number] }
  >
>;

interface Seen {
  readonly resets: number;
  readonly status: string;
  readonly failures: readonly string[];
}

function look(page: Page): Promise<Seen> {
  return page.evaluate(() => {
    const { events, failures, live } = window.tab;
    const resets = events.filter(({ type }) => type === 'reset').length;
    return { resets, status: live.status, failures };
  });
}

async function openWorld(context: BrowserContext, origin: string): Promise<World> {
  const stranger = await openTab(context);
  return { session: await context.newCDPSession(stranger), origin, stranger };
}

for (const [backend, { wipes, others, rounds: sizes }] of Object.entries(plans)) {
  test(`R16 every wipe of ${backend} is noticed by every tab, once, and nothing else is @scaled`, async ({
    context,
    baseURL,
    faults,
  }) => {
    const rounds = faults.rounds(sizes[0], sizes[1]);
    test.setTimeout(rounds * 5000 + 60_000);
    const choose = (from: readonly string[]): string =>
      from[Math.floor(faults.random() * from.length)]!;
    const world = await openWorld(context, baseURL!);
    const tabs = await openStores(context, 3, backend as BackendName);
    for (const tab of tabs) await tab.evaluate(() => window.tab.current());

    for (let round = 1; round <= rounds; round++) {
      const wipe = choose(wipes);
      await clearings[wipe]!(world);
      // Nobody calls anything: each tab finds out by itself.
      for (const tab of tabs) {
        await expect
          .poll(() => look(tab), {
            message: `round ${round}: ${wipe}`,
            intervals: [10, 20, 50],
            // An opening that fails takes 5 seconds until it is given up and made again.
            timeout: 20_000,
          })
          .toEqual({ resets: round, status: 'reset', failures: [] });
      }
      for (const tab of tabs) await tab.evaluate(() => window.tab.current());

      if (round % 4 === 0) await clearings[choose(others)]!(world);
      if (round % 5 === 0) {
        // Who comes later has missed nothing.
        const late = await openTab(context);
        await openStoreIn(late, backend as BackendName);
        await late.evaluate(() => window.tab.current());
        expect(await look(late)).toEqual({ resets: 0, status: 'active', failures: [] });
        await late.close();
      }
    }
    for (const tab of tabs) {
      expect(await look(tab)).toEqual({ resets: rounds, status: 'active', failures: [] });
    }
    const epochs = (page: Page): Promise<unknown[]> =>
      page.evaluate(() => window.tab.events.filter(({ type }) => type === 'reset'));
    const [first, ...rest] = await Promise.all(tabs.map(epochs));
    for (const same of rest) expect(same).toEqual(first);
    console.log(`${rounds} wipes of ${backend}: noticed by all of ${tabs.length} tabs, each once`);
  });
}

/** What one visit sees: the resets, and whether its session was there already. */
async function visit(
  folder: string,
  backend: BackendName,
  origin: string,
  end: 'close' | 'kill' = 'close',
): Promise<{ resets: number; version: number }> {
  const browser = await launchOn(folder);
  const page = await browser.context.newPage();
  await page.goto(`${origin}/e2e/pages/tab.html`);
  await page.waitForFunction(() => 'tab' in window);
  await openStoreIn(page, backend);
  const seen = await page.evaluate(async () => {
    await window.tab.current();
    await window.tab.live.update((data) => void data.count++);
    const resets = window.tab.events.filter(({ type }) => type === 'reset').length;
    return { resets, version: window.tab.live.version };
  });
  await (end === 'close' ? browser.context.close() : browser.kill());
  return seen;
}

function remove(folder: string, storage: 'IndexedDB' | 'Local Storage'): void {
  const path = join(folder, 'Default', storage);
  if (!existsSync(path)) throw new Error(`There is no ${path}: ${readdirSync(folder).join(', ')}`);
  rmSync(path, { recursive: true });
}

const lost = [
  ['indexeddb', 'IndexedDB'],
  ['local-storage', 'Local Storage'],
  ['localforage over indexeddb', 'IndexedDB'],
  ['localforage over local-storage', 'Local Storage'],
] as const;

for (const [backend, storage] of lost) {
  const often = backend.startsWith('localforage') ? ' @faults' : '';
  test(`R16 ${backend}, gone at the next visit: told once, and not again after a kill${often}`, async ({
    baseURL,
  }) => {
    test.setTimeout(120_000);
    const folder = temporaryFolder();
    try {
      expect(await visit(folder.path, backend, baseURL!)).toEqual({ resets: 0, version: 2 });
      expect(await visit(folder.path, backend, baseURL!)).toEqual({ resets: 0, version: 3 });
      remove(folder.path, storage);
      // A witness in localStorage is younger than what a kill spares: the old one comes back.
      const end = storage === 'IndexedDB' ? 'kill' : 'close';
      expect(await visit(folder.path, backend, baseURL!, end)).toEqual({ resets: 1, version: 2 });
      expect(await visit(folder.path, backend, baseURL!)).toEqual({ resets: 0, version: 3 });
      // The witness alone is no reset, and is there again at the visit after.
      remove(folder.path, storage === 'IndexedDB' ? 'Local Storage' : 'IndexedDB');
      expect(await visit(folder.path, backend, baseURL!)).toEqual({ resets: 0, version: 4 });
      remove(folder.path, storage);
      expect(await visit(folder.path, backend, baseURL!)).toEqual({ resets: 1, version: 2 });
    } finally {
      folder.remove();
    }
  });
}
