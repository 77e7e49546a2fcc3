/** Memory that tabs share: what was acknowledged is there as long as one tab is, whichever one dies; and nothing on disk. */

import { expect, test, type BrowserContext, type Page } from 'playwright/test';
import { crash, openStoreIn, openStores, openTab } from './tabs.js';

declare global {
  interface Window {
    acknowledge: (lane: string, count: number) => Promise<void>;
  }
}

const backend = 'memory';
const deaths = 20;
const step = 10;
const goal = deaths * step;

interface Lane {
  readonly name: string;
  readonly page: Page;
  /** What `navigator.locks` calls the page. */
  readonly client: string | undefined;
}

async function newTab(context: BrowserContext): Promise<Page> {
  const page = await openTab(context);
  await openStoreIn(page, backend);
  return page;
}

async function newLane(context: BrowserContext, name: string): Promise<Lane> {
  const page = await newTab(context);
  const client = await page.evaluate(
    (lock) =>
      navigator.locks.request(lock, async () => {
        const { held = [] } = await navigator.locks.query();
        return held.find((each) => each.name === lock)?.clientId;
      }),
    `who is ${name}`,
  );
  return { name, page, client };
}

/** Counts a lane up to a limit, one acknowledged update after the other. @returns whether each was the next one */
function count({ page, name }: Lane, id: string, limit: number): Promise<boolean> {
  return page.evaluate(
    async (at) => {
      const read = (data: unknown): number => (data as Record<string, number>)[at.name] ?? 0;
      let last = read((await window.tab.store.load(at.id))?.data);
      while (last < at.limit) {
        const { data } = await window.tab.store.update(at.id, (counts) => {
          (counts as unknown as Record<string, number>)[at.name] = read(counts) + 1;
        });
        void window.acknowledge(at.name, read(data));
        if (read(data) !== last + 1) return false;
        last++;
      }
      return true;
    },
    { id, name, limit },
  );
}

/** Who made the last commit: it holds the lock that says that it is complete. */
async function lastWriter(lanes: readonly Lane[]): Promise<Lane> {
  for (;;) {
    const writer = await lanes[0]!.page.evaluate(async () => {
      const { held = [] } = await navigator.locks.query();
      return held.find(({ name }) => name?.includes(':memory:complete:'))?.clientId;
    });
    const lane = lanes.find(({ client }) => client === writer);
    if (lane !== undefined) return lane;
  }
}

async function stored(page: Page, id: string): Promise<Record<string, number>> {
  const session = await page.evaluate((at) => window.tab.store.load(at), id);
  return (session?.data ?? {}) as Record<string, number>;
}

test(`R9 4 tabs × ${goal} updates, the tab that wrote last closed or crashed ${deaths} times: none that was acknowledged is lost`, async ({
  context,
}) => {
  test.setTimeout(300_000);
  const acknowledged = new Map<string, number>();
  await context.exposeFunction('acknowledge', (lane: string, now: number) => {
    acknowledged.set(lane, Math.max(acknowledged.get(lane) ?? 0, now));
  });
  let lanes: Lane[] = [];
  for (const name of ['a', 'b', 'c', 'd']) lanes.push(await newLane(context, name));
  const { id } = await lanes[0]!.page.evaluate(() => window.tab.store.create({ count: 0 }));

  for (let death = 0; death < deaths; death++) {
    const limit = step * (death + 1);
    const counting = new Map(lanes.map((lane) => [lane, count(lane, id, limit)]));
    for (const outcome of counting.values()) outcome.catch(() => {}); // that of a tab which is killed
    const due = lanes.length * step * (death + 0.5);
    await expect.poll(() => sum(acknowledged.values()), { intervals: [1] }).toBeGreaterThan(due);

    const victim = await lastWriter(lanes);
    if (death % 2 === 0) await crash(victim.page);
    await victim.page.close();
    const told = acknowledged.get(victim.name) ?? 0;

    const heir = await newLane(context, victim.name);
    lanes = lanes.map((lane) => (lane === victim ? heir : lane));
    expect((await stored(heir.page, id))[heir.name]).toBeGreaterThanOrEqual(told);
    counting.delete(victim);
    counting.set(heir, count(heir, id, limit));
    expect(await Promise.all(counting.values())).toEqual([true, true, true, true]);
  }

  for (const { page } of lanes) {
    expect(await stored(page, id)).toEqual({ count: 0, a: goal, b: goal, c: goal, d: goal });
    expect(await page.evaluate((at) => window.tab.store.load(at), id)).toMatchObject({
      version: lanes.length * goal + 1,
    });
    expect(await page.evaluate(() => window.tab.failures)).toEqual([]);
  }
});

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0);
}

test('R9 a tab that opens has what the others have; when the last one has gone everything is gone', async ({
  context,
}) => {
  const first = await newTab(context);
  expect(await first.evaluate(() => window.tab.store.backend.capabilities)).toEqual({
    shared: 'origin',
    atomic: true,
    persistent: false,
    durability: 'none',
    structuredClone: true,
  });
  const id = await first.evaluate(() => window.tab.current());
  const second = await newTab(context);
  expect(await second.evaluate(() => window.tab.current())).toBe(id);
  await first.close();
  await second.evaluate(() => window.tab.live.update((data) => void data.count++));
  const third = await newTab(context);
  expect(await third.evaluate(() => window.tab.current())).toBe(id);
  expect(await third.evaluate(() => window.tab.live.data)).toEqual({ count: 1 });
  await second.close();
  await third.close();
  const later = await newTab(context);
  expect(await later.evaluate(() => window.tab.store.listIds())).toEqual([]);
  expect(await later.evaluate(() => window.tab.current())).not.toBe(id);
});

test('R9 a reload of the only tab begins anew, at once', async ({ context }) => {
  const page = await newTab(context);
  const id = await page.evaluate(() => window.tab.current());
  await page.reload();
  await page.waitForFunction(() => 'tab' in window);
  await openStoreIn(page, backend);
  expect(await page.evaluate(() => window.tab.current())).not.toBe(id);
});

test('nothing of it is on disk', async ({ context }) => {
  const tabs = await openStores(context, 3, backend);
  for (const page of tabs) await page.evaluate(() => window.tab.current());
  await tabs[1]!.evaluate(() => window.tab.live.rotate());
  for (const page of tabs) {
    const found = await page.evaluate(async () => ({
      databases: await indexedDB.databases(),
      keys: [Object.keys(localStorage), Object.keys(sessionStorage)],
      caches: await caches.keys(),
      files: (await (await navigator.storage.getDirectory()).keys().next()).done,
      cookie: document.cookie,
    }));
    expect(found).toEqual({ databases: [], keys: [[], []], caches: [], files: true, cookie: '' });
  }
});

test('R2 R11 a tab that hangs keeps nobody from writing, and comes back with what the others have', async ({
  context,
}) => {
  const [busy, one, other] = (await openStores(context, 3, backend)) as [Page, Page, Page];
  const id = await busy.evaluate(() => window.tab.current());
  await busy.evaluate(() => window.tab.increment(window.tab.live.id, 1));
  const hanging = busy.evaluate(() => {
    const begun = performance.now();
    while (performance.now() - begun < 4000);
  });
  await one.evaluate((at) => window.tab.increment(at, 50), id);
  await other.evaluate((at) => window.tab.increment(at, 50), id);
  expect(await Promise.race([hanging, Promise.resolve('it hangs')])).toBe('it hangs');
  await hanging;
  await busy.evaluate((at) => window.tab.increment(at, 1), id);
  for (const page of [busy, one, other]) {
    expect(await stored(page, id)).toEqual({ count: 102 });
  }
  await busy.waitForFunction(() => window.tab.live.data.count === 102);
});

test('R11 a page that is put away and shown again has what the others did meanwhile', async ({
  context,
}) => {
  const [away, here] = (await openStores(context, 2, backend)) as [Page, Page];
  const id = await away.evaluate(() => window.tab.current());
  await away.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
  });
  await here.evaluate((at) => window.tab.increment(at, 20), id);
  await away.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  });
  await away.waitForFunction(() => window.tab.live.data.count === 20);
  await away.evaluate(() => window.tab.live.end());
  expect(await here.evaluate((at) => window.tab.store.load(at), id)).toBeUndefined();
  expect(await away.evaluate(() => window.tab.failures)).toEqual([]);
});
