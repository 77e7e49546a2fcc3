/** The front cache in real tabs. */

import { expect, test, type BrowserContext, type Page } from 'playwright/test';

test.setTimeout(120_000);

async function openTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto('/e2e/pages/login.html');
  await page.waitForFunction(() => 'login' in window);
  await page.evaluate(() => window.login.open('cached IndexedDB'));
  return page;
}

const load = (page: Page, id: string) =>
  page.evaluate((session) => window.login.store.load(session), id);

/** Counts the read transactions that a tab begins from now on. */
async function countReads(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const begin = Object.getOwnPropertyDescriptor(IDBDatabase.prototype, 'transaction')!
      .value as IDBDatabase['transaction'];
    Object.assign(window, { reads: 0 });
    IDBDatabase.prototype.transaction = function (...how) {
      if (how[1] !== 'readwrite')
        Object.assign(window, { reads: Reflect.get(window, 'reads') + 1 });
      return begin.apply(this, how);
    };
  });
  return () => page.evaluate(() => Reflect.get(window, 'reads') as number);
}

/** Resolves once the tab was told, and not before: its store tells its listeners after its cache. */
const told = (page: Page, id: string, type: string): Promise<void> =>
  page.evaluate(
    ([session, kind]) =>
      new Promise<void>((resolve) => {
        window.login.store.subscribe((event) => {
          if (event.type === kind && 'id' in event && event.id === session) resolve();
        });
      }),
    [id, type],
  );

test('R4 R11 what one tab ends another never gives from its cache again', async ({ context }) => {
  const [here, there] = [await openTab(context), await openTab(context)];
  const reads = await countReads(there);
  for (let round = 0; round < 8; round++) {
    const { id } = await here.evaluate(() =>
      window.login.store.create({ cart: [], token: 0, isValid: true }),
    );
    // Not at once: where it may have missed something, it keeps nothing for a moment.
    await expect
      .poll(async () => {
        const before = await reads();
        expect(await load(there, id)).toMatchObject({ id });
        return (await reads()) - before;
      })
      .toBe(0);
    const news = told(there, id, 'ended');
    await there.evaluate(() => {}); // by now it listens
    await here.evaluate((session) => window.login.store.delete(session), id);
    await news;
    for (let i = 0; i < 5; i++) expect(await load(there, id)).toBe(undefined);
  }
  expect(await there.evaluate(() => window.login.failures)).toEqual([]);
});

test('R11 two tabs that count in turn read each count once it was told', async ({ context }) => {
  const [here, there] = [await openTab(context), await openTab(context)];
  const { id } = await here.evaluate(() =>
    window.login.store.create({ cart: [], token: 0, isValid: true }),
  );
  for (let round = 1; round <= 8; round++) {
    const [writer, reader] = round % 2 === 0 ? [here, there] : [there, here];
    await load(reader, id);
    const news = told(reader, id, 'saved');
    await reader.evaluate(() => {}); // by now it listens
    await writer.evaluate(
      (session) => window.login.store.update(session, (data) => void data.token++),
      id,
    );
    await news;
    expect(await load(reader, id)).toMatchObject({ data: { token: round }, version: round + 1 });
  }
});

test('R11 a tab that was put away gives what changed meanwhile', async ({ context }) => {
  const [here, there] = [await openTab(context), await openTab(context)];
  const { id } = await here.evaluate(() =>
    window.login.store.create({ cart: [], token: 0, isValid: true }),
  );
  await load(there, id);
  await there.evaluate(() =>
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })),
  );
  await here.evaluate((session) => window.login.store.delete(session), id);
  expect(await load(there, id)).toBe(undefined);
  await there.evaluate(() =>
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
  );
  expect(await load(there, id)).toBe(undefined);
});

test('a load from the cache against one past it', async ({ context }, { annotations }) => {
  const page = await openTab(context);
  const id = await page.evaluate(() => window.login.session.id);
  const times = await page.evaluate(async (session) => {
    const { login } = window;
    await login.store.load(session);
    const hit = await login.timeLoads(session, 500, async () => {});
    // A listing empties the cache.
    const miss = await login.timeLoads(session, 500, () => login.store.listIds());
    return { hit, miss };
  }, id);
  const description = `hit ${(times.hit * 1000).toFixed(0)} µs, miss ${(times.miss * 1000).toFixed(0)} µs`;
  annotations.push({ type: 'load()', description });
  console.log(description);
  expect(times.hit).toBeGreaterThan(0);
});
