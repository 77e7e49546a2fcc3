/** A tab that dies in the middle of a change leaves all of it or nothing (R10). */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from './engines/test.js';
import type { Tab } from './engines/engine.js';
import type { BackendName } from './pages/tab.js';
import { openStoreIn, openTab } from './tabs.js';

const crowd = 8;

/** Bounded, and at full scale. A tab takes long to open in the other engines. */
const deaths = { chromium: [12, 60], firefox: [5, 20], webkit: [8, 40] } as const;

/** Kills a tab where its engine can be made to; else it is closed, and asked nothing before. */
async function die(tab: Tab): Promise<void> {
  await tab.crash?.();
  await tab.close();
}

for (const backend of ['indexeddb', 'local-storage'] satisfies BackendName[]) {
  test(`R5 R10 tabs that die amid rotations and multi-record changes, on ${backend}: no fork, nothing half done @scaled`, async ({
    engineName,
    faults,
    profile,
  }) => {
    const [bounded, full] = deaths[engineName];
    const rounds = faults.rounds(bounded, full);
    test.setTimeout(rounds * 20_000);
    const watching = await openTab(profile);
    await openStoreIn(watching, backend);
    await watching.evaluate(() => window.tab.current());
    let versionBefore = 0;

    for (let round = 0; round < rounds; round++) {
      const victim = await openTab(profile);
      await openStoreIn(victim, backend);
      victim.evaluate((size) => window.tab.churn(size), crowd).catch(() => {}); // ends with the tab
      // It is hit at another point of its work each round, and not before it has done some.
      await watching.evaluate(
        (seen) => window.tab.until(() => window.tab.live.version > seen + 2),
        versionBefore,
      );
      await sleep((round * 7) % 40);
      await die(victim);

      // A fresh tab, which has seen nothing of it, looks at what is left.
      const reopened = await openTab(profile);
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
      await watching.evaluate((id) => {
        dispatchEvent(new Event('focus'));
        return window.tab.until(() => window.tab.live.id === id);
      }, left.current);
      versionBefore = left.version;
      await reopened.close();
    }
    expect(await watching.evaluate(() => window.tab.failures)).toEqual([]);
  });
}
