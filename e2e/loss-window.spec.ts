/** How much localStorage loses when the browser is killed: the writes that Chromium had not yet put on the disk. */

import { expect, type Page } from 'playwright/test';
import { test } from './faults.js';
import type { Acknowledged } from './pages/ledger.js';
import { launchOn, temporaryFolder, type RunningBrowser } from './profile.js';

async function openLedger(
  { context }: RunningBrowser,
  origin: string,
  reached: (acknowledged: Acknowledged) => void = () => {},
): Promise<Page> {
  await context.exposeBinding('acknowledged', (_, acknowledged: Acknowledged) =>
    reached(acknowledged),
  );
  const page = await context.newPage();
  await page.goto(`${origin}/e2e/pages/ledger.html`);
  await page.waitForFunction(() => 'ledger' in window);
  await page.evaluate(() => window.ledger.open('local-storage'));
  return page;
}

test('R9 a browser that is closed has lost nothing of localStorage', async ({ baseURL }) => {
  const folder = temporaryFolder();
  try {
    const first = await launchOn(folder.path);
    const page = await openLedger(first, baseURL!);
    await page.evaluate(() => window.ledger.begin());
    await page.evaluate(() => window.ledger.write(50));
    await first.context.close();

    const second = await launchOn(folder.path);
    const found = await (await openLedger(second, baseURL!)).evaluate(() => window.ledger.find());
    await second.context.close();
    expect(found).toMatchObject({ isEmpty: false, torn: [], count: 50 });
  } finally {
    folder.remove();
  }
});

test('R9 R10 a killed browser loses at most the last minute of localStorage, and tears nothing @faults', async ({
  baseURL,
}) => {
  const longest = 65_000;
  for (const running of [5_000, 20_000, 60_000, 100_000]) {
    const folder = temporaryFolder();
    try {
      const first = await launchOn(folder.path);
      /** When each count was acknowledged. */
      const times: number[] = [];
      const page = await openLedger(first, baseURL!, ({ count }) => (times[count] = Date.now()));
      await page.evaluate(() => window.ledger.begin());
      const end = Date.now() + running;
      while (Date.now() < end) {
        await page.evaluate(() => window.ledger.write(1));
        await page.waitForTimeout(200);
      }
      const killed = Date.now();
      await first.kill();

      const second = await launchOn(folder.path);
      const found = await (await openLedger(second, baseURL!)).evaluate(() => window.ledger.find());
      await second.context.close();
      const lost = found.isEmpty ? running : killed - (times[found.count] ?? killed);
      console.log(
        `killed after ${running / 1000} s of writing: the last ${(lost / 1000).toFixed(1)} s are gone, ` +
          `${found.count} of ${times.length - 1} writes kept`,
      );
      expect(found.torn).toEqual([]);
      expect(lost).toBeLessThanOrEqual(longest);
    } finally {
      folder.remove();
    }
  }
});
