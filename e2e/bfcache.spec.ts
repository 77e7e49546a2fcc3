/** A page in the back/forward cache: it is in nobody's way, and shows what has happened meanwhile when it comes back. */

import { expect, test } from 'playwright/test';
import type { Browser, Page } from 'puppeteer-core';
import { openBackgroundTab, withBackgroundTabs } from './background-tabs.js';

const path = '/e2e/pages/lifecycle.html';

async function openPage(browser: Browser, origin: string): Promise<Page> {
  const page = await openBackgroundTab(browser, origin + path, 'life');
  expect(await page.evaluate(() => window.life.open())).toBe('done');
  return page;
}

/** Leaves a page, does some work, and comes back to the very same page. */
async function awayFrom(page: Page, origin: string, work: () => Promise<void>): Promise<void> {
  const shown = await page.evaluate(() => window.life.shown.length);
  await page.bringToFront();
  await page.goto(`${origin}/e2e/pages/default.html`);
  await work();
  await page.bringToFront();
  await page.goBack();
  await page.waitForFunction((before) => window.life.shown.length > before, {}, shown);
  // From the cache, or nothing of this is proven.
  expect(await page.evaluate(() => window.life.shown.at(-1))).toBe(true);
}

test('R11 a page that comes back from the cache shows what was changed meanwhile', async ({
  baseURL,
}) => {
  test.setTimeout(120_000);
  await withBackgroundTabs(async (browser) => {
    const [page, other] = [await openPage(browser, baseURL!), await openPage(browser, baseURL!)];
    expect(await page.evaluate(() => window.life.save(1))).toBe('done');
    await page.evaluate(() => window.life.watch());
    for (const count of [2, 3]) {
      await awayFrom(page, baseURL!, async () => {
        expect(await other.evaluate((to) => window.life.save(to), count)).toBe('done');
      });
      await page.waitForFunction((to) => window.life.view?.count === to, {}, count);
    }
    expect(await page.evaluate(() => window.life.increment(1))).toEqual(['done']);
    expect(await other.evaluate(() => window.life.load())).toBe(4);
    for (const tab of [page, other]) {
      const { failures, events } = await tab.evaluate(() => window.life);
      expect([failures, events.filter(({ type }) => type === 'reset')]).toEqual([[], []]);
    }
  });
});

test('R16 a page in the cache keeps nobody from deleting the database, and notices when it comes back', async ({
  baseURL,
}) => {
  test.setTimeout(120_000);
  await withBackgroundTabs(async (browser) => {
    const page = await openPage(browser, baseURL!);
    expect(await page.evaluate(() => window.life.save(1))).toBe('done');
    await page.evaluate(() => window.life.watch());
    await awayFrom(page, baseURL!, async () => {
      const stranger = await browser.newPage();
      await stranger.goto(baseURL! + path);
      const answer = await stranger.evaluate(
        () =>
          new Promise<string>((resolve) => {
            const request = indexedDB.deleteDatabase('tabkeep:life');
            request.addEventListener('blocked', () => resolve('blocked'));
            request.addEventListener('success', () => resolve('deleted'));
          }),
      );
      expect(answer).toBe('deleted');
    });
    // Nobody has called anything.
    await page.waitForFunction(() => window.life.view?.status === 'reset');
    const { failures, events } = await page.evaluate(() => window.life);
    expect([failures, events.filter(({ type }) => type === 'reset').length]).toEqual([[], 1]);
    expect(await page.evaluate(() => window.life.save(5))).toBe('done');
    expect(await page.evaluate(() => window.life.load())).toBe(5);
  });
});
