/** Two versions of an app, and of the library, open at once on one store. */

import { expect, test, type BrowserContext, type Page } from 'playwright/test';
import type { BackendName } from './pages/tab.js';
import { backendNames } from './tabs.js';

async function openApp(
  context: BrowserContext,
  backend: BackendName,
  schemaVersion: number,
): Promise<Page> {
  const page = await context.newPage();
  await page.goto('/e2e/pages/versions.html');
  await page.waitForFunction(() => 'app' in window);
  await page.evaluate((how) => window.app.open(how.backend, how.schemaVersion), {
    backend,
    schemaVersion,
  });
  return page;
}

const create = (page: Page): Promise<string> =>
  page.evaluate(async () => (await window.app.store.create({ tea: 2 })).id);
const load = (page: Page, id: string) => page.evaluate((session) => window.app.load(session), id);
const update = (page: Page, id: string) =>
  page.evaluate((session) => window.app.update(session), id);
const save = (page: Page, id: string) => page.evaluate((session) => window.app.save(session), id);
const rawOf = (page: Page, backend: BackendName, id: string): Promise<string> =>
  page.evaluate((what) => window.app.raw(what.backend, what.id), { backend, id });

for (const backend of backendNames) {
  test.describe(backend, () => {
    test('R13 what the old version wrote is migrated by the new one, and from then on left alone by the old', async ({
      context,
    }) => {
      const older = await openApp(context, backend, 1);
      const newer = await openApp(context, backend, 2);
      const id = await create(older);
      await expect.poll(() => load(newer, id)).toEqual({ items: ['tea', 'tea'] });
      // To look at it changes nothing.
      expect(await load(older, id)).toEqual({ tea: 2 });
      expect(await update(older, id)).toBe(2);

      expect(await update(newer, id)).toBe(3);
      expect(await load(newer, id)).toEqual({ items: ['tea', 'tea', 'tea', 'tea'] });
      await expect.poll(() => load(older, id)).toBe('SCHEMA_TOO_NEW');

      const raw = await rawOf(newer, backend, id);
      expect(await update(older, id)).toBe('SCHEMA_TOO_NEW');
      expect(await save(older, id)).toBe('SCHEMA_TOO_NEW');
      expect(await rawOf(newer, backend, id)).toBe(raw);
      expect(await update(newer, id)).toBe(4);
    });

    test('R13 a view of the old version keeps what it showed, tells why, and takes no update', async ({
      context,
    }) => {
      const older = await openApp(context, backend, 1);
      const newer = await openApp(context, backend, 2);
      const id = await create(older);
      await expect.poll(() => load(newer, id)).toBeTruthy();
      for (const page of [older, newer]) {
        await page.evaluate((session) => window.app.view(session), id);
      }
      expect(await older.evaluate(() => window.app.updateLive())).toBe(2);
      await newer.waitForFunction(() => window.app.live.data.items?.length === 3);

      expect(await newer.evaluate(() => window.app.updateLive())).toBe(3);
      await older.waitForFunction(() => window.app.failures.includes('SCHEMA_TOO_NEW'));
      const shown = (): Promise<unknown> =>
        older.evaluate(() => {
          const { data, version, status } = window.app.live;
          return { data, version, status };
        });
      expect(await shown()).toEqual({ data: { tea: 3 }, version: 2, status: 'active' });
      const raw = await rawOf(newer, backend, id);
      expect(await older.evaluate(() => window.app.updateLive())).toBe('SCHEMA_TOO_NEW');
      expect(await shown()).toEqual({ data: { tea: 3 }, version: 2, status: 'active' });
      expect(await rawOf(newer, backend, id)).toBe(raw);

      // To sign out one need not understand what was stored.
      expect(await older.evaluate(() => window.app.live.end())).toBe(true);
      for (const page of [older, newer]) {
        await page.waitForFunction(() => window.app.live.status === 'ended');
      }
    });

    test('R11 messages of a newer protocol do no harm, and the next of ours is heard', async ({
      context,
    }) => {
      const here = await openApp(context, backend, 1);
      const there = await openApp(context, backend, 1);
      const stranger = await openApp(context, backend, 1);
      const id = await create(here);
      await expect.poll(() => load(there, id)).toEqual({ tea: 2 });
      await there.evaluate((session) => window.app.view(session), id);
      const heard = await there.evaluate(() => window.app.heard);

      await stranger.evaluate((session) => {
        const change = { id: session, version: 99, kind: 'ended' };
        for (const spoken of [2, 1000, '1', null]) {
          window.app.say({ protocol: spoken, from: 'newer', seq: 1, changes: [change] });
          // In the envelope of the transport as well.
          const data = { protocol: spoken, from: 'newer', seq: 2, changes: [change], more: {} };
          window.app.say({ type: 'message', time: 0, token: 'x', data });
        }
      }, id);
      expect(await update(here, id)).toBe(2);
      await there.waitForFunction(() => window.app.live.version === 2);

      expect(await there.evaluate(() => window.app.heard)).toBe(heard + 1);
      expect(await there.evaluate(() => window.app.live.status)).toBe('active');
      expect(await there.evaluate(() => window.app.failures)).toEqual([]);
    });
  });
}

test('R8 what a newer library wrote in a form of its own is left alone; a header that merely says more is read', async ({
  context,
}) => {
  const here = await openApp(context, 'local-storage', 1);
  const there = await openApp(context, 'local-storage', 1);
  const [known, foreign] = [await create(here), await create(here)];
  await expect.poll(() => load(there, foreign)).toEqual({ tea: 2 });
  await here.evaluate((id) => window.app.alterHeader(id, { hue: 'green' }), known);
  await here.evaluate((id) => window.app.alterHeader(id, { kind: 'folded' }), foreign);
  await expect.poll(() => load(there, foreign)).toBe('DECODE_FAILED');

  const raw = await rawOf(there, 'local-storage', foreign);
  expect(await update(there, foreign)).toBe('DECODE_FAILED');
  expect(await save(there, foreign)).toBe('DECODE_FAILED');
  expect(await update(there, known)).toBe(2);
  expect(await rawOf(there, 'local-storage', foreign)).toBe(raw);
  expect(await load(there, known)).toEqual({ tea: 3 });
});
