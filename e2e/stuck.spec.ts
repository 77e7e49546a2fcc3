/** A tab that is stopped amid a commit, its lock in hand, holds the others up for a bounded time and overwrites nothing. */

import { expect, test, type BrowserContext, type Page } from 'playwright/test';
import { openBackgroundTab, withBackgroundTabs } from './background-tabs.js';
import type { Place, StuckBackend } from './pages/stuck.js';
import { rendererOf, whileStopped } from './renderer.js';

// 5 s of patience, 1.5 s of lease and 0.25 s of settling; the rest is for a machine that is busy with other things.
const bound = 15_000;

const path = '/e2e/pages/stuck.html';

async function openTabs(context: BrowserContext, count: number, backend: StuckBackend) {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const page = await context.newPage();
      await page.goto(path);
      await page.waitForFunction(() => 'stuck' in window);
      await page.evaluate((name) => window.stuck.open(name), backend);
      return page;
    }),
  );
}

const create = (page: Page): Promise<string> =>
  page.evaluate(async () => (await window.stuck.store.create({ count: 0 })).id);

const increment = (page: Page, id: string, times: number) =>
  page.evaluate((work) => window.stuck.increment(work.id, work.times), { id, times });

const countOf = (page: Page, id: string): Promise<number | undefined> =>
  page.evaluate(async (session) => (await window.stuck.store.load(session))?.data.count, id);

/** Starts a commit in a tab, and comes back when it stays where it should. */
async function stick(page: Page, id: string, place: Place): Promise<void> {
  await page.evaluate(
    (work) => {
      window.stuck.stayAt(work.place);
      window.stuck.begin(work.id);
    },
    { id, place },
  );
  await page.waitForFunction(() => window.stuck.isStuck);
}

async function answerOf(page: Page) {
  await page.evaluate(() => window.stuck.goOn());
  await page.waitForFunction(() => window.stuck.answers.length === 1);
  return page.evaluate(() => window.stuck.answers[0]!);
}

// Each waits for as long as the others do; the last three show what the first do at other places.
const cases: readonly (readonly [StuckBackend, Place, tag?: string])[] = [
  ['local-storage', 'taking its own number'],
  ['localforage over local-storage', 'reading the record'],
  ['localforage over indexeddb', 'having written the record'],
  ['local-storage', 'asking which number is held', ' @faults'],
  ['localforage over indexeddb', 'taking its own number', ' @faults'],
  ['localforage over indexeddb', 'reading the record', ' @faults'],
];

for (const [backend, place, tag = ''] of cases) {
  test(`R2 a tab stopped while ${place}, on ${backend}: the others go on, every count is exact${tag}`, async ({
    context,
  }) => {
    test.setTimeout(120_000);
    const [stopped, ...others] = await openTabs(context, 3, backend);
    const id = await create(stopped!);
    for (const page of [stopped!, ...others]) await increment(page, id, 5);
    const renderer = await rendererOf(context, stopped!);
    await stick(stopped!, id, place);

    const answers = await whileStopped(renderer, async () =>
      (await Promise.all(others.map((page) => increment(page, id, 20)))).flat(),
    );

    const longest = Math.max(...answers.map(({ took }) => took));
    test
      .info()
      .annotations.push({ type: 'longest wait', description: `${Math.round(longest)} ms` });
    expect(answers.filter(({ code }) => code !== undefined)).toEqual([]);
    expect(longest).toBeGreaterThan(4000);
    expect(longest).toBeLessThan(bound);

    const hasWritten = place === 'having written the record';
    const late = await answerOf(stopped!);
    const counts = new Set(answers.map(({ count }) => count));
    expect(counts.size).toBe(40);
    if (hasWritten) {
      // The others have built on it, and it says that it does not know.
      expect(late.code).toBe('STORE_UNAVAILABLE');
      expect(counts).not.toContain(16);
    } else {
      // Done anew, on what the others have left.
      expect(late).toMatchObject({ count: 56 });
    }
    await increment(stopped!, id, 5);
    for (const page of [stopped!, ...others]) {
      await expect.poll(() => countOf(page, id)).toBe(61);
    }
  });
}

test('R10 a rotation stopped once its journal is written is finished by the others', async ({
  context,
}) => {
  test.setTimeout(120_000);
  const [stopped, other] = await openTabs(context, 2, 'localforage over indexeddb');
  const id = await create(stopped!);
  const renderer = await rendererOf(context, stopped!);
  await stopped!.evaluate((session) => {
    window.stuck.stayAt('having written the journal');
    window.stuck.beginRotation(session, 'successor');
  }, id);
  await stopped!.waitForFunction(() => window.stuck.isStuck);

  const answers = await whileStopped(renderer, () => increment(other!, 'successor', 3));

  expect(answers).toMatchObject([{ count: 1 }, { count: 2 }, { count: 3 }]);
  expect(await answerOf(stopped!)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  for (const page of [stopped!, other!]) {
    await expect.poll(() => countOf(page, 'successor')).toBe(3);
    expect(await countOf(page, id)).toBeUndefined();
  }
});

test('R2 on indexeddb a tab stopped in a transaction holds the others up until it goes on; nothing is lost', async ({
  context,
}) => {
  test.setTimeout(120_000);
  const [stopped, other] = await openTabs(context, 2, 'indexeddb');
  const id = await create(stopped!);
  await increment(other!, id, 3);
  const renderer = await rendererOf(context, stopped!);
  await stopped!.evaluate(() => window.stuck.keepTransaction());
  await stopped!.waitForFunction(() => window.stuck.isStuck);

  await whileStopped(renderer, async () => {
    await other!.evaluate((session) => window.stuck.begin(session), id);
    const ticks = await other!.evaluate(() => window.stuck.ticks);
    // For as long as it takes where the library itself decides.
    await other!.waitForFunction((before) => window.stuck.ticks > before + 160, ticks);
    expect(await other!.evaluate(() => window.stuck.answers)).toEqual([]);
  });
  await stopped!.evaluate(() => window.stuck.goOn());

  await other!.waitForFunction(() => window.stuck.answers.length === 1);
  expect(await other!.evaluate(() => window.stuck.answers[0])).toMatchObject({ count: 4 });
  expect(await increment(stopped!, id, 1)).toMatchObject([{ count: 5 }]);
});

test('R2 a hidden tab frozen amid a commit, on local-storage: the others go on, every count is exact', async ({
  baseURL,
}) => {
  test.setTimeout(120_000);
  await withBackgroundTabs(async (browser) => {
    const open = async () => {
      const page = await openBackgroundTab(browser, baseURL + path, 'stuck');
      await page.evaluate(() => window.stuck.open('local-storage'));
      return page;
    };
    const frozen = await open();
    const id = await frozen.evaluate(
      async () => (await window.stuck.store.create({ count: 0 })).id,
    );
    await frozen.evaluate((session) => {
      window.stuck.stayAt('taking its own number');
      window.stuck.begin(session);
    }, id);
    await frozen.waitForFunction(() => window.stuck.isStuck);
    const front = await open();
    await front.bringToFront();
    const session = await frozen.createCDPSession();
    await expect.poll(() => frozen.evaluate(() => document.visibilityState)).toBe('hidden');
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    const ticks = await frozen.evaluate(() => window.stuck.ticks);

    const answers = await front.evaluate((name) => window.stuck.increment(name, 20), id);

    expect(await frozen.evaluate(() => window.stuck.ticks)).toBe(ticks);
    expect(answers.map(({ count }) => count)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(answers[0]!.took).toBeGreaterThan(4000);
    expect(answers[0]!.took).toBeLessThan(bound);
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await frozen.bringToFront();
    await frozen.evaluate(() => window.stuck.goOn());
    await frozen.waitForFunction(() => window.stuck.answers.length === 1);
    expect(await frozen.evaluate(() => window.stuck.answers[0])).toMatchObject({ count: 21 });
    const left = await front.evaluate(
      async (name) => (await window.stuck.store.load(name))?.data.count,
      id,
    );
    expect(left).toBe(21);
  });
});
