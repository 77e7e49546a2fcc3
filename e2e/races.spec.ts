/** What tabs race for is won once and lost by nobody: real tabs, each in a process of its own, in each engine. */

import { checkHistory, type HistoryEvent } from '../src/testing/index.js';
import type { Tab } from './engines/engine.js';
import { expect, test } from './engines/test.js';
import type { BackendName } from './pages/tab.js';
import { backendNames, openStoreIn, untilReady } from './tabs.js';

// The slowest engine writes a hundred times a second where each commit is four transactions.
test.setTimeout(120_000);

/** What all tabs did, and were told, is explained by one order of it all. */
async function expectOneOrder(tabs: readonly Tab[], backend: BackendName): Promise<void> {
  const parts = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.tab.history())));
  const history = JSON.parse(JSON.stringify(parts.flat())) as HistoryEvent[];
  // Where each process has its own copy, a tab may read what another one has already overwritten.
  const reads = backend.includes('indexeddb') ? 'latest' : 'ordered';
  const { violations, operations } = checkHistory(history, { reads });
  expect(violations.map(({ text }) => text).join('\n')).toBe('');
  expect(operations).toBeGreaterThan(8);
}

for (const backend of backendNames) {
  test.describe(backend, () => {
    test('R2 8 tabs × 200 updates of one session keep 1,600', async ({ race }) => {
      const tabs = await race.on(backend);
      const { id } = await tabs[0]!.evaluate(() => window.tab.recorded.create({ count: 0 }));

      await Promise.all(
        tabs.map((tab) => tab.evaluate((session) => window.tab.increment(session, 200), id)),
      );

      for (const tab of [tabs[0]!, tabs[7]!]) {
        await expect
          .poll(() => tab.evaluate((session) => window.tab.recorded.load(session), id))
          .toMatchObject({ data: { count: 1600 }, version: 1601 });
      }
      await expectOneOrder(tabs, backend);
    });

    test('R2 8 tabs × 200 concurrent updates of one session keep 1,600', async ({ race }) => {
      const tabs = await race.on(backend);
      const { id } = await tabs[0]!.evaluate(() => window.tab.recorded.create({ count: 0 }));

      await Promise.all(
        tabs.map((tab) => tab.evaluate((session) => window.tab.incrementAtOnce(session, 200), id)),
      );

      await expect
        .poll(() => tabs[0]!.evaluate((session) => window.tab.recorded.load(session), id))
        .toMatchObject({ data: { count: 1600 }, version: 1601 });
      await expectOneOrder(tabs, backend);
    });

    test('R5 40 rotations of one id from 8 tabs: 1 successor, 39 conflicts that name it', async ({
      race,
    }) => {
      const tabs = await race.on(backend);
      const { id } = await tabs[0]!.evaluate(() => window.tab.recorded.create({ count: 0 }));

      const outcomes = (
        await Promise.all(
          tabs.map((tab) => tab.evaluate((session) => window.tab.rotateAtOnce(session, 5), id)),
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
      await expectOneOrder(tabs, backend);
    });

    test('R2 200 saveIfVersion on one version from 8 tabs: 1 winner', async ({ race }) => {
      const tabs = await race.on(backend);
      const { id } = await tabs[0]!.evaluate(() => window.tab.recorded.create({ count: 0 }));

      const outcomes = (
        await Promise.all(
          tabs.map((tab) => tab.evaluate((session) => window.tab.saveAtOnce(session, 1, 25), id)),
        )
      ).flat();

      expect(outcomes.filter((outcome) => outcome.ok)).toEqual([{ ok: true, id, version: 2 }]);
      const losers = outcomes.filter((outcome) => !outcome.ok);
      expect(losers).toHaveLength(199);
      for (const loser of losers) {
        const expected = { code: 'VERSION_CONFLICT', actual: 2, current: { id, version: 2 } };
        expect(loser).toMatchObject(expected);
      }
      await expectOneOrder(tabs, backend);
    });

    test('R4 signed out in one of 8 tabs: over in the others, and no save in flight leaves anything', async ({
      race,
    }) => {
      const tabs = await race.on(backend);
      const [first, ...others] = [tabs[0]!, ...tabs.slice(1)];
      const id = await first.evaluate(() => window.tab.current());
      const ids = others.map((tab) => tab.evaluate(() => window.tab.current()));
      expect(new Set(await Promise.all(ids))).toEqual(new Set([id]));

      const refused = Promise.all(
        others.map((tab) => tab.evaluate((session) => window.tab.saveUntilRefused(session), id)),
      );
      const hasEnded = first.evaluate(async () => {
        await window.tab.until(() => window.tab.live.version > 5);
        return window.tab.live.end();
      });
      expect(await hasEnded).toBe(true);

      expect(new Set(await refused)).toEqual(new Set(['SESSION_ENDED']));
      const left = tabs.map((tab) =>
        tab.evaluate(async (session) => {
          const { live, store, until } = window.tab;
          await until(() => live.status === 'ended');
          await until(async () => (await store.load(session)) === undefined);
          return store.listIds();
        }, id),
      );
      expect((await Promise.all(left)).flat()).toEqual([]);
    });

    test('R5 a rotation in one tab is followed by the views in the others', async ({ race }) => {
      const tabs = await race.on(backend);
      await Promise.all(tabs.map((tab) => tab.evaluate(() => window.tab.current())));

      const id = await tabs[0]!.evaluate(async () => {
        await window.tab.live.rotate();
        return window.tab.live.id;
      });

      const followed = tabs.map((tab) =>
        tab.evaluate(async (successor) => {
          const { live, until } = window.tab;
          await until(() => live.id === successor);
          await live.update((data) => void data.count++);
          await until(() => live.data.count === 8);
        }, id),
      );
      await Promise.all(followed);
    });

    test('8 tabs that ask at once on an empty store get one session, again after a sign-out', async ({
      race,
    }) => {
      const tabs = await race.on(backend);
      const ask = (): Promise<string[]> =>
        Promise.all(tabs.map((tab) => tab.evaluate(() => window.tab.current())));

      const first = new Set(await ask());
      expect(first.size).toBe(1);

      await tabs[3]!.evaluate(() => window.tab.live.end());
      const ended = (): Promise<void> => window.tab.until(() => window.tab.live.status === 'ended');
      await Promise.all(tabs.map((tab) => tab.evaluate(ended)));
      const second = new Set(await ask());
      expect(second.size).toBe(1);
      expect(second).not.toEqual(first);

      const tab = tabs[5]!;
      await tab.reload();
      await untilReady(tab);
      await openStoreIn(tab, backend, race.name);
      expect(await tab.evaluate(() => window.tab.current())).toBe([...second][0]);
    });
  });
}
