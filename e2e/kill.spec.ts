/** What a killed tab or browser leaves: every acknowledged write, whole, or the notice that the browser dropped all. */

import { expect, type BrowserContext, type Page } from 'playwright/test';
import { test } from './faults.js';
import type { Acknowledged, Found, LedgerBackend } from './pages/ledger.js';
import { launchOn, temporaryFolder } from './profile.js';

/** What the pages of one browser have been acknowledged last. */
class Books {
  last: Acknowledged = { count: 0, rotations: 0 };

  static async of(context: BrowserContext): Promise<Books> {
    const books = new Books();
    await context.exposeBinding('acknowledged', (_, reached: Acknowledged) => {
      books.last = reached;
    });
    return books;
  }

  /** Resolves when so many more entries have been acknowledged. */
  async grownBy(more: number): Promise<void> {
    const before = this.last.count;
    await expect
      .poll(() => this.last.count, { intervals: [2] })
      .toBeGreaterThanOrEqual(before + more);
  }
}

async function openLedger(
  context: BrowserContext,
  origin: string,
  backend: LedgerBackend,
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin}/e2e/pages/ledger.html`);
  await page.waitForFunction(() => 'ledger' in window);
  await page.evaluate((name) => window.ledger.open(name), backend);
  return page;
}

/** Everything whose acknowledgement reached the test is there, and whole. Later writes may be there as well. */
function expectKept(found: Found, acknowledged: Acknowledged): void {
  expect(found.torn).toEqual([]);
  expect(found.count).toBeGreaterThanOrEqual(acknowledged.count);
  expect(found.rotations).toBeGreaterThanOrEqual(acknowledged.rotations);
}

const durabilities = ['relaxed', 'strict'] satisfies LedgerBackend[];

test('R9 R10 renderers killed amid commits lose no acknowledged write, and tear none @scaled', async ({
  faults,
  baseURL,
}) => {
  const kills = faults.rounds(12, 200);
  test.setTimeout(kills * 5000 + 30_000);
  const folder = temporaryFolder();
  const browser = await launchOn(folder.path);
  try {
    const { context } = browser;
    const books = await Books.of(context);
    for (let round = 0; round <= kills; round++) {
      const before = await browser.renderers();
      const page = await openLedger(context, baseURL!, durabilities[round % 2]!);
      const found = await page.evaluate(() => window.ledger.find());
      if (round === 0) await page.evaluate(() => window.ledger.begin());
      else expectKept(found, books.last);
      books.last = found;
      expect(found.resets).toBe(0);
      if (round === kills) break;

      const [renderer, ...others] = (await browser.renderers()).filter(
        (id) => !before.includes(id),
      );
      expect(others).toEqual([]);
      page.evaluate(() => window.ledger.write()).catch(() => {}); // ends with the kill
      await books.grownBy(5);
      await page.waitForTimeout(faults.random() * 60);
      const crashed = page.waitForEvent('crash');
      process.kill(renderer!, 'SIGKILL');
      await crashed;
      await page.close();
    }
    console.log(`${kills} renderers killed: 0 acknowledged writes lost, 0 torn`);
  } finally {
    await browser.context.close();
    folder.remove();
  }
});

test('R9 R10 R16 browsers killed amid commits lose no acknowledged write, and a wipe is noticed @scaled', async ({
  faults,
  baseURL,
}) => {
  const kills = faults.rounds(6, 100);
  test.setTimeout(kills * 10_000 + 60_000);
  const folder = temporaryFolder();
  let wipes = 0;
  try {
    // A witness in localStorage is safe on the disk only when the browser was closed once, or a minute has passed.
    const first = await launchOn(folder.path);
    await Books.of(first.context);
    const founding = await openLedger(first.context, baseURL!, 'relaxed');
    await founding.evaluate(() => window.ledger.begin());
    await founding.evaluate(() => window.ledger.write(1));
    let last: Acknowledged = await founding.evaluate(() => window.ledger.find());
    await first.context.close();

    for (let round = 0; round <= kills; round++) {
      const browser = await launchOn(folder.path);
      const books = await Books.of(browser.context);
      const page = await openLedger(browser.context, baseURL!, durabilities[round % 2]!);
      const found = await page.evaluate(() => window.ledger.find());
      if (found.isEmpty) {
        wipes++;
        // Chromium itself has dropped the database: then every tab is told so, and nobody takes it for a sign-out.
        expect(found.resets).toBe(1);
        await page.evaluate(() => window.ledger.begin());
      } else {
        expectKept(found, last);
        expect(found.resets).toBe(0);
      }
      books.last = found;
      if (round === kills) {
        await browser.context.close();
        break;
      }
      page.evaluate(() => window.ledger.write()).catch(() => {}); // ends with the kill
      await books.grownBy(5);
      await page.waitForTimeout(faults.random() * 100);
      await browser.kill();
      last = books.last;
    }
  } finally {
    folder.remove();
  }
  console.log(
    `${kills} browsers killed: 0 acknowledged writes lost, 0 torn; ${wipes} wipes, all noticed`,
  );
});
