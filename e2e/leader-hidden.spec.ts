/** A leader that is hidden, frozen or kept for the back button: really so, which Playwright's own tabs never are. */

import { expect, test } from 'playwright/test';
import type { Browser, Page } from 'puppeteer-core';
import { openBackgroundTab, withBackgroundTabs } from './background-tabs.js';
import type { LogEntry } from './pages/leader.js';

const path = '/e2e/pages/leader.html';

const openPage = (browser: Browser, url: string, before?: () => void): Promise<Page> =>
  openBackgroundTab(browser, url + path, 'leader', before);

async function openStore(page: Page, tab: string, every: number): Promise<void> {
  await page.evaluate((all) => window.leader.open(all), { tab, every, pages: 0, pause: 0 });
}

/** Waits until a tab has swept since a moment. */
async function sweepBy(watcher: Page, tab: string, since = 0): Promise<LogEntry> {
  let found: LogEntry | undefined;
  const look = async (): Promise<boolean> => {
    const log = await watcher.evaluate(() => window.leader.log);
    found = log.find((entry) => entry.tab === tab && entry.at > since);
    return found !== undefined;
  };
  await expect.poll(look, { timeout: 60_000 }).toBe(true);
  return found!;
}

/** A leader and a follower, both hidden behind a tab that watches. */
async function openTabs(
  browser: Browser,
  url: string,
  before?: () => void,
): Promise<Record<'leader' | 'follower' | 'watcher', Page>> {
  const leader = await openPage(browser, url, before);
  const follower = await openPage(browser, url);
  const watcher = await openPage(browser, url);
  await watcher.evaluate(() => window.leader.watch());
  await watcher.bringToFront();
  for (const page of [leader, follower]) {
    await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe('hidden');
  }
  await openStore(leader, 'leader', 2000);
  await sweepBy(watcher, 'leader');
  await openStore(follower, 'follower', 2000);
  return { leader, follower, watcher };
}

/** Freezes a hidden page, and looks that nothing runs in it while the work goes on. */
async function whileFrozen(page: Page, work: () => Promise<void>): Promise<void> {
  const session = await page.createCDPSession();
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  const ticks = await page.evaluate(() => window.leader.ticks);
  await work();
  expect(await page.evaluate(() => window.leader.ticks)).toBe(ticks);
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await expect.poll(() => page.evaluate(() => window.leader.ticks)).toBeGreaterThan(ticks);
}

test('a hidden leader lets go when it is frozen', async ({ baseURL }) => {
  test.setTimeout(120_000);
  await withBackgroundTabs(async (browser) => {
    const { leader, follower, watcher } = await openTabs(browser, baseURL!);
    const frozen = Date.now();
    await whileFrozen(leader, async () => {
      const { at } = await sweepBy(watcher, 'follower');
      test.info().annotations.push({ type: 'takeover', description: `${at - frozen} ms` });
      // Not after questions without an answer.
      expect(at - frozen).toBeLessThan(4500);
    });
    const woken = Date.now();
    await sweepBy(watcher, 'follower', woken);
    const log = await watcher.evaluate(() => window.leader.log);
    expect(log.filter(({ tab, at }) => tab === 'leader' && at > woken)).toEqual([]);
    for (const page of [leader, follower]) {
      expect(await page.evaluate(() => window.leader.failures)).toEqual([]);
    }
  });
});

test('a frozen leader that kept its lock is robbed of it', async ({ baseURL }) => {
  test.setTimeout(120_000);
  await withBackgroundTabs(async (browser) => {
    // As in an engine that freezes pages and does not tell them.
    const deafen = (): void =>
      document.addEventListener('freeze', (event) => event.stopImmediatePropagation());
    const { leader, watcher } = await openTabs(browser, baseURL!, deafen);
    const frozen = Date.now();
    await whileFrozen(leader, async () => {
      const { at } = await sweepBy(watcher, 'follower');
      test.info().annotations.push({ type: 'takeover', description: `${at - frozen} ms` });
      expect(at - frozen).toBeGreaterThan(4500);
    });
    const woken = Date.now();
    await sweepBy(watcher, 'follower', woken);
    const log = await watcher.evaluate(() => window.leader.log);
    expect(log.filter(({ tab, at }) => tab === 'leader' && at > frozen + 1000)).toEqual([]);
  });
});

test('a hidden leader hands over to a visible tab', async ({ baseURL }) => {
  test.setTimeout(120_000);
  await withBackgroundTabs(async (browser) => {
    const { follower, watcher } = await openTabs(browser, baseURL!);
    await follower.evaluate(() => window.leader.watch());
    await openStore(watcher, 'visible', 2000);
    const { at } = await sweepBy(follower, 'visible');
    await sweepBy(follower, 'visible', at + 2000);
    const log = await follower.evaluate(() => window.leader.log);
    expect(log.filter((entry) => entry.tab !== 'visible' && entry.at > at)).toEqual([]);
    expect(await watcher.evaluate(() => window.leader.failures)).toEqual([]);
  });
});

test('a leader that navigates away lets go, and the back button restores it', async ({
  baseURL,
}) => {
  test.setTimeout(120_000);
  await withBackgroundTabs(async (browser) => {
    const { leader, watcher } = await openTabs(browser, baseURL!);
    await leader.bringToFront();
    const left = Date.now();
    await leader.goto(`${baseURL!}/e2e/pages/default.html`);
    const { at } = await sweepBy(watcher, 'follower', left);
    test.info().annotations.push({ type: 'takeover', description: `${at - left} ms` });

    await leader.goBack();
    await leader.waitForFunction(() => window.leader.persisted.at(-1) === true);
    // It is visible, and the one that leads is not.
    await sweepBy(watcher, 'leader', at);
    expect(await leader.evaluate(() => window.leader.failures)).toEqual([]);
  });
});
