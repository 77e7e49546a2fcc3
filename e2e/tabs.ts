/** Opens real tabs of one browser profile, each with a process of its own. */

import { expect, type BrowserContext, type Page } from 'playwright/test';
import type { Profile, Tab } from './engines/engine.js';
import type { BackendName } from './pages/tab.js';

export const backendNames: readonly BackendName[] = [
  'indexeddb',
  'local-storage',
  'localforage over indexeddb',
  'localforage over local-storage',
  'memory',
];

/** A page with `window.tab`, no store opened yet. */
export function openTab(context: BrowserContext): Promise<Page>;
export function openTab(profile: Profile, path?: string): Promise<Tab>;
export async function openTab(
  from: BrowserContext | Profile,
  path = '/e2e/pages/tab.html',
): Promise<Tab> {
  const tab = 'openTab' in from ? await from.openTab(path) : await openPage(from, path);
  await untilReady(tab);
  return tab;
}

async function openPage(context: BrowserContext, path: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(path);
  return page;
}

/** Not every engine has run the script of a page when it says that the page has loaded. */
export async function untilReady(tab: Tab): Promise<void> {
  await expect.poll(() => tab.evaluate(() => 'tab' in window), { timeout: 20_000 }).toBe(true);
}

/** So many tabs, each with a store of one name open. */
export async function openStores(
  context: BrowserContext,
  count: number,
  backend: BackendName,
  name = 'e2e',
): Promise<Page[]> {
  const tabs = await Promise.all(Array.from({ length: count }, () => openTab(context)));
  await Promise.all(tabs.map((tab) => openStoreIn(tab, backend, name)));
  return tabs;
}

export async function openStoreIn(tab: Tab, backend: BackendName, name = 'e2e'): Promise<void> {
  await tab.evaluate((at) => window.tab.open(at.backend, at.name), { backend, name });
}

/** Kills a tab's renderer, as a crash does: nothing in it runs any more. */
export async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash');
  const session = await page.context().newCDPSession(page);
  session.send('Page.crash').catch(() => {}); // the answer never comes
  await crashed;
}
