/** A tab that dies in the middle of a change leaves all of it or nothing (R10). */

import { expect, test } from 'playwright/test';
import type { BackendName } from './pages/tab.js';
import { crash, openStoreIn, openStores, openTab } from './tabs.js';

const crashes = 30;
const crowd = 8;

for (const backend of ['indexeddb', 'local-storage'] satisfies BackendName[]) {
  test(`R5 R10 ${crashes} tabs crashed amid rotations and multi-record changes, on ${backend}: no fork, nothing half done`, async ({
    context,
  }) => {
    test.setTimeout(600_000);
    const [observer] = await openStores(context, 1, backend);
    const watching = observer!;
    await watching.evaluate(() => window.tab.current());
    let versionBefore = 0;

    for (let round = 0; round < crashes; round++) {
      const victim = await openTab(context);
      await openStoreIn(victim, backend);
      victim.evaluate((size) => window.tab.churn(size), crowd).catch(() => {}); // ends with the crash
      // It is hit at another point of its work each round, and not before it has done some.
      await watching.waitForFunction((seen) => window.tab.live.version > seen + 2, versionBefore);
      await victim.waitForTimeout((round * 7) % 40);
      await crash(victim);
      await victim.close();

      // A fresh tab, which has seen nothing of it, looks at what is left.
      const reopened = await openTab(context);
      await openStoreIn(reopened, backend);
      const left = await reopened.evaluate(async () => {
        const { store } = window.tab;
        const members = await store.listIds({ owner: 'crowd' });
        const all = await store.listIds();
        const current = await window.tab.current();
        const { version } = window.tab.live;
        await store.endAll('crowd');
        return { members, others: all.filter((id) => !members.includes(id)), current, version };
      });

      // One lineage, its newest id found through the slot: neither two successors nor none.
      expect(left.others).toEqual([left.current]);
      expect(left.version).toBeGreaterThan(versionBefore);
      // The last rotation may have died before it was told: then the watching tab learns of it when it is looked at.
      await watching.evaluate(() => void dispatchEvent(new Event('focus')));
      await watching.waitForFunction((id) => window.tab.live.id === id, left.current);
      versionBefore = left.version;
      await reopened.close();
    }
    expect(await watching.evaluate(() => window.tab.failures)).toEqual([]);
  });
}
