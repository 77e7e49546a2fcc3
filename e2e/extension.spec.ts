/** The demo extension, in a real Chromium: sessions shared with its service worker, and swept by an alarm that wakes it. */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, expect as briefly, test, type Page } from 'playwright/test';
import { findChromium } from '../scripts/browsers.mjs';
import {
  buildExtension,
  extensionArgs,
  launchWith,
  logIn,
  openBarePage,
  openPopup,
  potsIn,
  stopWorker,
  type ExtensionBrowser,
  type Pace,
} from './extension.js';
import { temporaryFolder } from './profile.js';

const everySecond = 1 / 60;

// A browser of its own for each test, beside others that are at work.
const expect = briefly.configure({ timeout: 20_000 });

test.describe.configure({ timeout: 120_000 });

/** Runs a test in a browser that has the extension at a pace. */
async function withExtension(
  pace: Pace,
  run: (launch: () => Promise<ExtensionBrowser>) => Promise<void>,
): Promise<void> {
  const [built, profile] = [temporaryFolder(), temporaryFolder()];
  let running: ExtensionBrowser | undefined;
  try {
    await buildExtension(built.path, pace);
    await run(async () => (running = await launchWith(built.path, profile.path)));
  } finally {
    await running?.context.close();
    for (const folder of [built, profile]) folder.remove();
  }
}

const putOn = (popup: Page, tea = 'Sencha Asatsuyu'): Promise<void> =>
  popup.locator('#shelf').getByRole('button', { name: tea }).click();

const badgeIn = (page: Page): Promise<string> =>
  page.evaluate(() => chrome.action.getBadgeText({}));

test('popup and service worker share sessions, both ways', async () => {
  await withExtension({ keepsWarm: 60_000, periodInMinutes: 1 }, async (launch) => {
    const browser = await launch();
    const [popup, other] = [await openPopup(browser), await openPopup(browser)];
    await putOn(popup, 'Sencha');
    await putOn(popup, 'Matcha');
    const cups = popup.locator('.pot-cups');
    await expect(cups).toHaveText(['6 of 6 cups', '6 of 6 cups']);
    // The worker has heard of what the popup created.
    await expect.poll(() => badgeIn(popup)).toBe('2');
    await popup.getByRole('button', { name: 'Pour: Matcha' }).click();
    await expect(cups).toHaveText(['6 of 6 cups', '5 of 6 cups']);
    // And every popup of what the worker updates.
    await popup.getByRole('button', { name: 'Have the worker pour' }).click();
    for (const page of [popup, other]) {
      await expect(page.locator('.pot-cups')).toHaveText(['5 of 6 cups', '4 of 6 cups']);
    }
    await other.getByRole('button', { name: 'Clear: Sencha' }).click();
    await expect(popup.locator('.pot')).toHaveCount(1);
    await expect.poll(() => badgeIn(popup)).toBe('1');
    expect((await logIn(popup)).map(({ what }) => what)).toEqual(['started', 'poured']);
  });
});

test('the popup works by keyboard, and a row says that its pot is cold until it is swept', async () => {
  await withExtension({ keepsWarm: 5000, periodInMinutes: 15 * everySecond }, async (launch) => {
    const popup = await openPopup(await launch());
    const focused = popup.locator(':focus');
    await popup.locator('#shelf').getByRole('button', { name: 'Earl Grey' }).focus();
    await popup.keyboard.press('Enter');
    await popup.keyboard.press('Enter');
    await expect(popup.locator('#summary')).toHaveText('2 pots');
    await popup.getByRole('button', { name: 'Clear: Earl Grey' }).first().focus();
    await popup.keyboard.press('Enter');
    await expect(popup.locator('#summary')).toHaveText('1 pot');
    await expect(focused).toHaveText('Pots on the table');

    await expect(popup.locator('.pot-left')).toHaveText('gone cold');
    await expect(popup.getByRole('button', { name: 'Pour: Earl Grey' })).toBeDisabled();
    await expect(popup.locator('#empty')).toBeVisible({ timeout: 40_000 });
    await expect(popup.locator('#log li').first()).toContainText('swept a cold pot away');
    await expect(popup.locator('#status')).toBeHidden();
  });
});

test('R7 a stopped worker is woken by its alarm, and sweeps what has expired meanwhile', async () => {
  await withExtension({ keepsWarm: 6000, periodInMinutes: 6 * everySecond }, async (launch) => {
    const browser = await launch();
    const popup = await openPopup(browser);
    const bare = await openBarePage(browser);
    await putOn(popup);
    await expect(popup.locator('.pot')).toHaveCount(1);
    await popup.close();
    const [{ worker: first } = { worker: 0 }] = await logIn(bare);
    await stopWorker(bare);
    expect(await potsIn(bare)).toEqual([expect.objectContaining({ kind: 'live' })]);

    await expect
      .poll(() => potsIn(bare), { timeout: 40_000 })
      .toEqual([expect.objectContaining({ kind: 'tombstone', reason: 'expired' })]);
    expect(await potsIn(bare)).not.toEqual([expect.objectContaining({ data: expect.anything() })]);
    await expect
      .poll(async () => (await logIn(bare)).filter(({ what }) => what === 'cleared'))
      .toHaveLength(1);
    const cleared = (await logIn(bare)).find(({ what }) => what === 'cleared');
    expect(cleared?.worker).toBeGreaterThan(first);
  });
});

test('alarms go on over every stop of the worker, one alarm at its period', async () => {
  await withExtension({ keepsWarm: 1000, periodInMinutes: everySecond }, async (launch) => {
    const browser = await launch();
    const bare = await openBarePage(browser);
    const starts = async (): Promise<number> =>
      (await logIn(bare)).filter(({ what }) => what === 'started').length;
    for (let start = 1; start <= 3; start++) {
      await expect.poll(starts, { timeout: 40_000 }).toBe(start);
      await stopWorker(bare);
    }
    expect(await bare.evaluate(() => chrome.alarms.getAll())).toEqual([
      expect.objectContaining({
        name: 'tabkeep:leaf-and-kettle:sweep',
        periodInMinutes: everySecond,
        persistAcrossSessions: true,
      }),
    ]);
  });
});

test('R7 after a SIGKILL of the browser the next start goes on sweeping', async () => {
  await withExtension({ keepsWarm: 8000, periodInMinutes: everySecond }, async (launch) => {
    const before = await launch();
    const popup = await openPopup(before);
    await putOn(popup);
    await expect(popup.locator('.pot')).toHaveCount(1);
    const [left] = await potsIn(popup);
    await before.kill();

    const after = await launch();
    expect(after.origin).toBe(before.origin);
    const bare = await openBarePage(after);
    await expect
      .poll(() => potsIn(bare), { timeout: 40_000 })
      .toEqual([expect.objectContaining({ id: left!.id, kind: 'tombstone', reason: 'expired' })]);
    // And not at the start alone: what expires later goes too.
    const again = await openPopup(after);
    await putOn(again, 'Earl Grey');
    await expect(again.locator('.pot')).toHaveCount(1);
    await again.close();
    await expect
      .poll(async () => (await potsIn(bare)).map(({ kind }) => kind), { timeout: 40_000 })
      .toEqual(['tombstone', 'tombstone']);
    expect(await bare.evaluate(() => chrome.alarms.getAll())).toHaveLength(1);
  });
});

test('R7 a worker that the browser itself stops when idle is woken by the alarm @faults', async () => {
  test.setTimeout(300_000);
  const [built, profile] = [temporaryFolder(), temporaryFolder()];
  await buildExtension(built.path, { keepsWarm: 45_000, periodInMinutes: 1 });
  const first = await launchWith(built.path, profile.path);
  const { origin } = first;
  const popup = await openPopup(first);
  await putOn(popup);
  await expect(popup.locator('.pot')).toHaveCount(1);
  // As an update of the extension does: the next start has to set it again.
  await popup.evaluate(() => chrome.alarms.clearAll());
  await first.context.close();

  // With somebody attached the browser does not stop a worker. So it runs alone, and is only asked what there is.
  const portFile = join(profile.path, 'DevToolsActivePort');
  rmSync(portFile, { force: true });
  const browser = spawn(
    findChromium()!,
    [
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile.path}`,
      ...extensionArgs(built.path),
      'about:blank',
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise((resolve) => browser.once('exit', resolve));
  try {
    await expect.poll(() => existsSync(portFile), { timeout: 30_000 }).toBe(true);
    const [port, path] = readFileSync(portFile, 'utf8').split('\n');
    const workerRuns = async (): Promise<boolean> => {
      const response = await fetch(`http://127.0.0.1:${port}/json/list`);
      const targets = (await response.json()) as { type: string; url: string }[];
      return targets.some(({ type, url }) => type === 'service_worker' && url.startsWith(origin));
    };
    const slowly = { timeout: 90_000, intervals: [1000] };
    for (const runs of [true, false, true, false]) await expect.poll(workerRuns, slowly).toBe(runs);

    const attached = await chromium.connectOverCDP(`ws://127.0.0.1:${port}${path}`);
    const attachedAt = Date.now();
    const context = attached.contexts()[0]!;
    const bare = await openBarePage({ context, origin });
    const entries = await logIn(bare);
    const starts = entries.filter(({ what }) => what === 'started').map(({ worker }) => worker);
    const cleared = entries.find(({ what }) => what === 'cleared');
    expect(cleared?.at).toBeLessThan(attachedAt);
    // One start before, one with this browser, and the one that the alarm has caused.
    expect(starts.indexOf(cleared?.worker ?? 0)).toBe(2);
    expect(await potsIn(bare)).toEqual([
      expect.objectContaining({ kind: 'tombstone', reason: 'expired' }),
    ]);
    const session = await attached.newBrowserCDPSession();
    await session.send('Browser.close');
    await exited;
  } finally {
    browser.kill('SIGKILL');
    await exited;
    for (const folder of [built, profile]) folder.remove();
  }
});
