/** Opens real tabs: pages of one browser context, each with a renderer process of its own. */

import type { BrowserContext, Page } from 'playwright/test';
import type { BackendName } from './pages/tab.js';

export const backendNames: readonly BackendName[] = [
  'indexeddb',
  'local-storage',
  'localforage over indexeddb',
  'localforage over local-storage',
];

/** A page with `window.tab`, no store opened yet. */
export async function openTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto('/e2e/pages/tab.html');
  await page.waitForFunction(() => 'tab' in window);
  return page;
}

/** So many tabs, each with a store of one name open. */
export async function openStores(
  context: BrowserContext,
  count: number,
  backend: BackendName,
  name = 'e2e',
): Promise<Page[]> {
  const tabs = await Promise.all(Array.from({ length: count }, () => openTab(context)));
  await Promise.all(tabs.map((page) => openStoreIn(page, backend, name)));
  return tabs;
}

export async function openStoreIn(page: Page, backend: BackendName, name = 'e2e'): Promise<void> {
  await page.evaluate((at) => window.tab.open(at.backend, at.name), { backend, name });
}

/** Kills a tab's renderer, as a crash does: nothing in it runs any more. */
export async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent('crash');
  const session = await page.context().newCDPSession(page);
  session.send('Page.crash').catch(() => {}); // the answer never comes
  await crashed;
}
