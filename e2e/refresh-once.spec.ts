/** refreshOnce in real tabs, against a server that counts how often it is asked for a token. */

import { expect, test, type BrowserContext, type Page, type Route } from 'playwright/test';
import type { Login, LoginBackend } from './pages/login.js';
import { crash } from './tabs.js';

test.setTimeout(180_000);

/** Answers with the tokens 1, 2, 3 …, but for the first call where `first` does something else. */
async function authServer(
  context: BrowserContext,
  first?: (route: Route) => unknown,
): Promise<{ readonly askedBy: (Page | undefined)[] }> {
  const askedBy: (Page | undefined)[] = [];
  await context.route('**/auth/refresh', async (route) => {
    askedBy.push(route.request().frame().page());
    if (first !== undefined && askedBy.length === 1) await first(route);
    else await route.fulfill({ body: String(askedBy.length) });
  });
  return { askedBy };
}

async function signedIn(
  context: BrowserContext,
  backend: LoginBackend,
  origin = '',
  count = 6,
): Promise<Page[]> {
  const tabs: Page[] = [];
  for (let i = 0; i < count; i++) {
    const page = await context.newPage();
    await page.goto(`${origin}/e2e/pages/login.html`);
    await page.waitForFunction(() => 'login' in window);
    await page.evaluate((name) => window.login.open(name), backend);
    tabs.push(page);
  }
  return tabs;
}

const refresh = (page: Page, timeout: number, busy = 0): Promise<Login | string> =>
  page.evaluate(([limit, still]) => window.login.refresh(limit!, still), [timeout, busy]);

const shown = (page: Page): Promise<Login> => page.evaluate(() => window.login.session.data);

/** What a call that the server leaves without an answer ends in. */
const never = (): void => {};

for (const backend of ['IndexedDB', 'localStorage', 'cached IndexedDB'] as const) {
  test(`${backend}: of 6 tabs one asks, and all have its token, five times over`, async ({
    context,
  }) => {
    const { askedBy } = await authServer(context);
    const tabs = await signedIn(context, backend);
    for (let round = 1; round <= 5; round++) {
      const logins = await Promise.all(tabs.map((page) => refresh(page, 30_000)));
      const expected = { cart: ['tea'], token: round, isValid: true };
      expect(askedBy).toHaveLength(round);
      expect(logins).toEqual(tabs.map(() => expected));
      for (const page of tabs) await expect.poll(() => shown(page)).toEqual(expected);
      await tabs[round]!.evaluate(() =>
        window.login.session.update((data) => void (data.isValid = false)),
      );
      for (const page of tabs) {
        await expect.poll(() => shown(page)).toMatchObject({ isValid: false });
      }
    }
  });
}

test('the tab that refreshes crashes amid it: another one does it at once', async ({ context }) => {
  const { askedBy } = await authServer(context, never);
  const tabs = await signedIn(context, 'IndexedDB');
  const outcomes = tabs.map((page) => refresh(page, 60_000).catch(() => 'crashed'));
  await expect.poll(() => askedBy.length).toBe(1);
  const died = tabs.indexOf(askedBy[0]!);
  const start = Date.now();
  await crash(tabs[died]!);
  const others = await Promise.all(outcomes.filter((_, index) => index !== died));
  // Nobody waited for the timeout.
  expect(Date.now() - start).toBeLessThan(60_000);
  expect(askedBy).toHaveLength(2);
  expect(others).toEqual(others.map(() => ({ cart: ['tea'], token: 2, isValid: true })));
});

test('one whose call hangs is told so after its timeout, and the next does it', async ({
  context,
}) => {
  const { askedBy } = await authServer(context, never);
  const tabs = await signedIn(context, 'IndexedDB');
  const outcomes = await Promise.all(tabs.map((page) => refresh(page, 4000)));
  expect(askedBy).toHaveLength(2);
  const expected = { cart: ['tea'], token: 2, isValid: true };
  expect(outcomes.map((outcome, i) => (tabs[i] === askedBy[0] ? outcome : expected))).toEqual(
    tabs.map((page) => (page === askedBy[0] ? 'TIMED_OUT' : expected)),
  );
  for (const page of tabs) await expect.poll(() => shown(page)).toEqual(expected);
});

test('one that stands still with its turn is passed over, and its late result gives way', async ({
  context,
}) => {
  const { askedBy } = await authServer(context);
  const tabs = await signedIn(context, 'IndexedDB', '', 4);
  const [still, ...others] = tabs as [Page, ...Page[]];
  const late = refresh(still, 2000, 12_000);
  await expect.poll(() => askedBy.length).toBe(1);
  const logins = await Promise.all(others.map((page) => refresh(page, 2000)));
  const first = { cart: ['tea'], token: 2, isValid: true };
  expect(logins).toEqual(others.map(() => first));
  await late;
  expect(askedBy).toHaveLength(2);
  for (const page of tabs) await expect.poll(() => shown(page)).toEqual(first);
});

test('without Web Locks 6 tabs ask 6 times at most, agree, and wipe nothing', async ({
  context,
  baseURL,
}) => {
  const { askedBy } = await authServer(context);
  const origin = baseURL!.replace('127.0.0.1', 'plain.test');
  const tabs = await signedIn(context, 'IndexedDB', origin);
  expect(await tabs[0]!.evaluate(() => 'locks' in navigator)).toBe(false);
  const logins = (await Promise.all(tabs.map((page) => refresh(page, 30_000)))) as Login[];
  expect(askedBy.length).toBeLessThanOrEqual(6);
  const [first] = logins;
  expect(first).toMatchObject({ cart: ['tea'], isValid: true });
  expect(logins).toEqual(tabs.map(() => first));
  for (const page of tabs) {
    await expect.poll(() => shown(page)).toEqual(first);
    expect(await page.evaluate(() => window.login.session.version)).toBe(2);
  }
});
