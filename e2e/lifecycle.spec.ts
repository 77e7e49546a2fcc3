/** What happens to a connection to IndexedDB: browsers end it, strangers are in its way or want it gone, tabs stop. */

import { expect, test, type BrowserContext, type CDPSession, type Page } from 'playwright/test';
import { launchOn, temporaryFolder } from './profile.js';
import { rendererOf, whileStopped } from './renderer.js';

async function openPage(context: BrowserContext, origin = ''): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin}/e2e/pages/lifecycle.html`);
  await page.waitForFunction(() => 'life' in window);
  return page;
}

/** A page with its store open, and a session with the count 1 in it. */
async function openStore(context: BrowserContext, origin = ''): Promise<Page> {
  const page = await openPage(context, origin);
  expect(await page.evaluate(() => window.life.open())).toBe('done');
  expect(await page.evaluate(() => window.life.save(1))).toBe('done');
  return page;
}

function sessionOf(page: Page): Promise<CDPSession> {
  return page.context().newCDPSession(page);
}

function resetsIn(page: Page): Promise<number> {
  return page.evaluate(
    () => window.life.events.filter(({ type }: { type: string }) => type === 'reset').length,
  );
}

/** Opens a connection that never makes room for anybody. */
function holdDatabase(page: Page, version?: number): Promise<string> {
  return page.evaluate(
    (wanted) =>
      new Promise<string>((resolve) => {
        const request = indexedDB.open('tabkeep:life', wanted);
        request.addEventListener('success', () => {
          Object.assign(window, { held: request.result });
          resolve('held');
        });
        request.addEventListener('blocked', () => resolve('blocked'));
        request.addEventListener('error', () => resolve(request.error!.name));
      }),
    version,
  );
}

function release(page: Page): Promise<void> {
  return page.evaluate(() => (window as never as { held: IDBDatabase }).held.close());
}

/** Asks for the database to be deleted. @returns the first answer; `window.deleted` has the last one */
function deleteDatabase(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const request = indexedDB.deleteDatabase('tabkeep:life');
        request.addEventListener('blocked', () => resolve('blocked'));
        request.addEventListener('success', () => {
          Object.assign(window, { deleted: true });
          resolve('deleted');
        });
      }),
  );
}

test('R8 R16 site data cleared amid work: each write is done or refused with a code, and work goes on', async ({
  context,
  baseURL,
}) => {
  const page = await openStore(context);
  const cdp = await sessionOf(page);
  for (let round = 1; round <= 5; round++) {
    const working = page.evaluate(() => window.life.increment(200));
    await page.evaluate(() => window.life.load());
    await cdp.send('Storage.clearDataForOrigin', { origin: baseURL!, storageTypes: 'indexeddb' });
    const outcomes = new Set(await working);
    // What was lost with the store is not found in the new one; what failed in its commit is not known.
    const expected = ['done', 'SESSION_NOT_FOUND', 'STORE_UNAVAILABLE'];
    expect([...outcomes].filter((code) => !expected.includes(code))).toEqual([]);
    await expect.poll(() => resetsIn(page)).toBe(round);
    expect(await page.evaluate(() => window.life.save(1))).toBe('done');
    expect(await page.evaluate(() => window.life.increment(3))).toEqual(['done', 'done', 'done']);
    expect(await page.evaluate(() => window.life.load())).toBe(4);
  }
  expect(await page.evaluate(() => window.life.failures)).toEqual([]);
});

test('R16 a stranger deletes the database: we are not in the way, notice it, and go on', async ({
  context,
}) => {
  const [page, other, stranger] = [
    await openStore(context),
    await openStore(context),
    await openPage(context),
  ];
  await page.evaluate(() => window.life.watch());
  expect(await deleteDatabase(stranger)).toBe('deleted');
  for (const tab of [page, other]) await expect.poll(() => resetsIn(tab)).toBe(1);
  await expect
    .poll(() => page.evaluate(() => window.life.view))
    .toEqual({ count: 1, status: 'reset' });
  expect(await page.evaluate(() => window.life.increment(1))).toEqual(['SESSION_NOT_FOUND']);
  expect(await other.evaluate(() => window.life.save(7))).toBe('done');
  expect(await page.evaluate(() => window.life.load())).toBe(7);
});

test('a stranger upgrades the database: we are not in the way, and touch what we do not know no more', async ({
  context,
}) => {
  const [page, stranger] = [await openStore(context), await openPage(context)];
  expect(await holdDatabase(stranger, 2)).toBe('held');
  expect(await page.evaluate(() => window.life.load())).toBe('STORE_UNAVAILABLE');
  expect(await page.evaluate(() => window.life.save(2))).toBe('STORE_UNAVAILABLE');
  expect(await page.evaluate(() => window.life.causes)).toEqual([
    expect.stringContaining('VersionError'),
    expect.stringContaining('VersionError'),
  ]);
  const late = await openPage(context);
  expect(await late.evaluate(() => window.life.open())).toBe('STORE_UNAVAILABLE');
  expect([await resetsIn(page), await page.evaluate(() => window.life.failures)]).toEqual([0, []]);
});

test('a stranger keeps the database while another wants it deleted: STORE_BLOCKED in time, and open when it is free', async ({
  context,
}) => {
  const [first, holder, deleter] = [
    await openStore(context),
    await openPage(context),
    await openPage(context),
  ];
  await first.evaluate(() => window.life.close());
  expect(await holdDatabase(holder)).toBe('held');
  expect(await deleteDatabase(deleter)).toBe('blocked');
  const page = await openPage(context);
  expect(await page.evaluate(() => window.life.open({ openTimeout: 1000 }))).toBe('STORE_BLOCKED');
  await release(holder);
  await deleter.waitForFunction(() => 'deleted' in window);
  expect(await page.evaluate(() => window.life.open({ openTimeout: 5000 }))).toBe('done');
  // The witness remembers what was deleted.
  await expect.poll(() => resetsIn(page)).toBe(1);
  expect(await page.evaluate(() => window.life.save(2))).toBe('done');
});

test('a tab that is stopped and does not make room: STORE_BLOCKED in time, and open when it goes on', async ({
  baseURL,
}) => {
  test.setTimeout(120_000);
  const folder = temporaryFolder();
  const { context } = await launchOn(folder.path);
  try {
    const hung = await openStore(context, baseURL);
    const [deleter, page] = [await openPage(context, baseURL), await openPage(context, baseURL)];
    await whileStopped(await rendererOf(context, hung), async () => {
      deleteDatabase(deleter).catch(() => {}); // it waits for the tab to answer
      await deleter.evaluate(() => indexedDB.databases());
      const opening = page.evaluate(() => window.life.open({ openTimeout: 1000 }));
      expect(await opening).toBe('STORE_BLOCKED');
    });
    await deleter.waitForFunction(() => 'deleted' in window);
    expect(await page.evaluate(() => window.life.open({ openTimeout: 5000 }))).toBe('done');
    await expect.poll(() => resetsIn(hung)).toBe(1);
    expect(await page.evaluate(() => window.life.save(3))).toBe('done');
    expect(await hung.evaluate(() => window.life.load())).toBe(3);
  } finally {
    await context.close();
    folder.remove();
  }
});

test('quota: QUOTA_EXCEEDED after a sweep that found no room, the old value intact; then it works again', async ({
  context,
  baseURL,
}) => {
  const origin = baseURL!;
  // Before anything is stored: Chromium goes on for a while with the quota that it knows.
  const cdp = await sessionOf(await openPage(context));
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
  const page = await openStore(context);
  expect(await page.evaluate(() => window.life.saveOther('expired'))).toBe('done');
  expect(await page.evaluate(() => window.life.save(2, 4_000_000))).toBe('QUOTA_EXCEEDED');
  expect(await page.evaluate(() => window.life.load())).toBe(1);
  const types = await page.evaluate(() => window.life.events.map(({ type }) => type));
  // The sweep that was made for it.
  expect(types).toEqual(['saved', 'saved', 'expired']);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin });
  expect(await page.evaluate(() => window.life.save(3, 4_000_000))).toBe('done');
  expect(await page.evaluate(() => window.life.load())).toBe(3);
});
