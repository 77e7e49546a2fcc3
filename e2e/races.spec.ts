/** What tabs race for is won once and lost by nobody: real tabs, each in a process of its own. */

import { expect, test } from 'playwright/test';
import { backendNames, openStores } from './tabs.js';

for (const backend of backendNames) {
  test.describe(backend, () => {
    test('R2 6 tabs × 200 updates of one session keep 1,200', async ({ context }) => {
      const tabs = await openStores(context, 6, backend);
      const { id } = await tabs[0]!.evaluate(() => window.tab.store.create({ count: 0 }));

      await Promise.all(
        tabs.map((page) => page.evaluate((session) => window.tab.increment(session, 200), id)),
      );

      for (const page of [tabs[0]!, tabs[5]!]) {
        await expect
          .poll(() => page.evaluate((session) => window.tab.store.load(session), id))
          .toMatchObject({ data: { count: 1200 }, version: 1201 });
      }
    });

    test('R2 6 tabs × 200 concurrent updates of one session keep 1,200', async ({ context }) => {
      const tabs = await openStores(context, 6, backend);
      const { id } = await tabs[0]!.evaluate(() => window.tab.store.create({ count: 0 }));

      await Promise.all(
        tabs.map((page) =>
          page.evaluate((session) => window.tab.incrementAtOnce(session, 200), id),
        ),
      );

      await expect
        .poll(() => tabs[0]!.evaluate((session) => window.tab.store.load(session), id))
        .toMatchObject({ data: { count: 1200 }, version: 1201 });
    });

    test('R5 40 rotations of one id from 4 tabs: 1 successor, 39 conflicts that name it', async ({
      context,
    }) => {
      const tabs = await openStores(context, 4, backend);
      const { id } = await tabs[0]!.evaluate(() => window.tab.store.create({ count: 0 }));

      const outcomes = (
        await Promise.all(
          tabs.map((page) => page.evaluate((session) => window.tab.rotateAtOnce(session, 10), id)),
        )
      ).flat();

      const winners = outcomes.filter((outcome) => outcome.ok);
      const losers = outcomes.filter((outcome) => !outcome.ok);
      expect(winners).toHaveLength(1);
      expect(losers).toHaveLength(39);
      for (const loser of losers) {
        expect(loser).toMatchObject({ code: 'VERSION_CONFLICT', successor: winners[0]!.id });
      }
      const ids = await tabs[1]!.evaluate(() => window.tab.store.listIds());
      expect(ids).toEqual([winners[0]!.id]);
    });

    test('R2 200 saveIfVersion on one version from 4 tabs: 1 winner', async ({ context }) => {
      const tabs = await openStores(context, 4, backend);
      const { id } = await tabs[0]!.evaluate(() => window.tab.store.create({ count: 0 }));

      const outcomes = (
        await Promise.all(
          tabs.map((page) => page.evaluate((session) => window.tab.saveAtOnce(session, 1, 50), id)),
        )
      ).flat();

      expect(outcomes.filter((outcome) => outcome.ok)).toEqual([{ ok: true, id, version: 2 }]);
      const losers = outcomes.filter((outcome) => !outcome.ok);
      expect(losers).toHaveLength(199);
      for (const loser of losers) {
        const expected = { code: 'VERSION_CONFLICT', actual: 2, current: { id, version: 2 } };
        expect(loser).toMatchObject(expected);
      }
    });

    test('R4 signed out in one tab: over in the others, and a save in flight leaves nothing', async ({
      context,
    }) => {
      const tabs = await openStores(context, 3, backend);
      const [first, second, third] = [tabs[0]!, tabs[1]!, tabs[2]!];
      const id = await first.evaluate(() => window.tab.current());
      for (const page of [second, third]) {
        expect(await page.evaluate(() => window.tab.current())).toBe(id);
      }

      const refused = third.evaluate((session) => window.tab.saveUntilRefused(session), id);
      await first.waitForFunction(() => window.tab.live.version > 5);
      expect(await first.evaluate(() => window.tab.live.end())).toBe(true);

      expect(await refused).toBe('SESSION_ENDED');
      for (const page of tabs) {
        await page.waitForFunction(() => window.tab.live.status === 'ended');
        await expect
          .poll(() => page.evaluate((session) => window.tab.store.load(session), id))
          .toBeUndefined();
        expect(await page.evaluate(() => window.tab.store.listIds())).toEqual([]);
      }
    });

    test('R5 a rotation in one tab is followed by the views in the others', async ({ context }) => {
      const tabs = await openStores(context, 3, backend);
      for (const page of tabs) await page.evaluate(() => window.tab.current());

      await tabs[0]!.evaluate(() => window.tab.live.rotate());

      const id = await tabs[0]!.evaluate(() => window.tab.live.id);
      for (const page of tabs) {
        await page.waitForFunction((successor) => window.tab.live.id === successor, id);
        await page.evaluate(() => window.tab.live.update((data) => void data.count++));
      }
      await tabs[0]!.waitForFunction(() => window.tab.live.data.count === 3);
    });

    test('6 tabs that ask at once on an empty store get one session, again after a sign-out', async ({
      context,
    }) => {
      const tabs = await openStores(context, 6, backend);
      const ask = (): Promise<string[]> =>
        Promise.all(tabs.map((page) => page.evaluate(() => window.tab.current())));

      const first = new Set(await ask());
      expect(first.size).toBe(1);

      await tabs[3]!.evaluate(() => window.tab.live.end());
      for (const page of tabs) await page.waitForFunction(() => window.tab.live.status === 'ended');
      const second = new Set(await ask());
      expect(second.size).toBe(1);
      expect(second).not.toEqual(first);

      const page = tabs[5]!;
      await page.reload();
      await page.waitForFunction(() => 'tab' in window);
      await page.evaluate((name) => window.tab.open(name, 'e2e'), backend);
      expect(await page.evaluate(() => window.tab.current())).toBe([...second][0]);
    });
  });
}
