/**
 * A Chromium whose tabs may be hidden, frozen and kept for the back button, as those of people are. Playwright's are always
 * visible, and its back/forward cache is off.
 */

import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { chromiumArgs, findChromium } from '../scripts/browsers.mjs';

export async function withBackgroundTabs(work: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await puppeteer.launch({
    executablePath: findChromium()!,
    headless: true,
    args: [...chromiumArgs],
    ignoreDefaultArgs: [
      '--disable-back-forward-cache',
      '--disable-backgrounding-occluded-windows',
      '--disable-renderer-backgrounding',
      '--disable-background-timer-throttling',
    ],
  });
  try {
    await work(browser);
  } finally {
    await browser.close();
  }
}

/**
 * Opens a test page, once `global` is there.
 *
 * @param before - runs in the page before any script of it
 */
export async function openBackgroundTab(
  browser: Browser,
  url: string,
  global: string,
  before?: () => void,
): Promise<Page> {
  const page = await browser.newPage();
  // What the server adds to a page reloads it when it was asleep, and its socket keeps it from the back button.
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const isAdded = request.url().includes('/@vite/client');
    void (isAdded ? request.abort() : request.continue());
  });
  if (before) await page.evaluateOnNewDocument(before);
  await page.goto(url);
  await page.waitForFunction((name) => name in window, {}, global);
  return page;
}
