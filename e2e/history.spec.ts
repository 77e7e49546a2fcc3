/** Real tabs at work at once on the same sessions: is there one order that explains what each of them saw? */

import { expect, test, type BrowserContext, type Page } from 'playwright/test';
import { checkHistory, type HistoryEvent } from '../src/testing/index.js';
import type { BackendName } from './pages/tab.js';
import { backendNames, crash, openStoreIn } from './tabs.js';

const tabs = 6;
const operations = 60;

/** Whether a tab may read what another one has already overwritten: each process has its own copy of localStorage. */
function readsOf(backend: BackendName): 'latest' | 'ordered' {
  return backend.includes('indexeddb') ? 'latest' : 'ordered';
}

async function openTabs(context: BrowserContext, count: number): Promise<Page[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const page = await context.newPage();
      await page.goto('/e2e/pages/history.html');
      await page.waitForFunction(() => 'recorded' in window);
      return page;
    }),
  );
}

function work(page: Page, index: number, seed: number): Promise<HistoryEvent[]> {
  const task = {
    client: `tab ${index + 1}`,
    seed: seed * 100 + index,
    operations,
    prefix: `round ${seed}`,
    atOnce: 3,
  };
  return page.evaluate((given) => window.recorded.work(given), task);
}

/** Histories are plain data, whichever way they travel. */
function put(parts: readonly (readonly HistoryEvent[])[]): HistoryEvent[] {
  return JSON.parse(JSON.stringify(parts.flat())) as HistoryEvent[];
}

test.setTimeout(180_000);

for (const backend of backendNames) {
  test.describe(backend, () => {
    test(`R1 R2 R4 R5 ${tabs} tabs × ${operations} mixed operations have one order`, async ({
      context,
    }) => {
      const pages = await openTabs(context, tabs);
      await Promise.all(pages.map((page) => openStoreIn(page, backend)));

      const history = put(await Promise.all(pages.map((page, index) => work(page, index, 1))));

      const verdict = checkHistory(history, { reads: readsOf(backend) });

      expect(verdict.violations.map(({ text }) => text).join('\n')).toBe('');
      expect(verdict.operations).toBe(tabs * operations);
      // Tabs did meet, or nothing was shown.
      const codes = history.map(({ outcome }) => outcome?.kind === 'error' && outcome.code);
      expect(codes).toContain('VERSION_CONFLICT');
      expect(codes).toContain('SESSION_ENDED');
    });

    test('R2 R9 they have one order when a tab crashes amid its work', async ({ context }) => {
      const told: HistoryEvent[] = [];
      let isAtWork = (): void => {};
      const hasBegun = new Promise<void>((resolve) => (isAtWork = resolve));
      await context.exposeFunction('told', (event: HistoryEvent) => {
        told.push(event);
        if (told.length === 40) isAtWork();
      });
      const pages = await openTabs(context, 4);
      await Promise.all(pages.map((page) => openStoreIn(page, backend)));
      const [victim, ...others] = pages;

      const killed = victim!
        .evaluate(() => {
          const task = { client: 'victim', seed: 7, operations: 1e6, prefix: 'round 5', atOnce: 2 };
          return window.recorded.workAloud(task);
        })
        .catch(() => 'killed');
      const working = Promise.all(others.map((page, index) => work(page, index, 5)));
      await hasBegun;
      await crash(victim!);
      expect(await killed).toBe('killed');
      const history = put([told, ...(await working)]);

      const { violations } = checkHistory(history, { reads: readsOf(backend) });

      expect(violations.map(({ text }) => text).join('\n')).toBe('');
    });
  });
}

test('R2 localStorage under a Web Lock without the fence has none (control)', async ({
  context,
}) => {
  const pages = await openTabs(context, tabs);
  await Promise.all(pages.map((page) => page.evaluate(() => window.recorded.openUnfenced())));
  const rules = new Set<string>();

  for (let seed = 1; seed <= 20 && !rules.has('R2'); seed++) {
    const history = put(await Promise.all(pages.map((page, index) => work(page, index, seed))));
    const { violations } = checkHistory(history, { reads: 'ordered' });
    for (const { rule } of violations) rules.add(rule);
  }

  expect([...rules]).toContain('R2');
});
