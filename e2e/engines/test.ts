/** Playwright's `test` for what must hold in every engine: it runs once for each, in tabs of that engine. */

import { randomUUID } from 'node:crypto';
import { excuseFor } from '../../scripts/browsers.mjs';
import { test as base } from '../faults.js';
import type { BackendName } from '../pages/tab.js';
import { openStoreIn, openTab } from '../tabs.js';
import type { Engine, EngineName, Profile, Tab } from './engine.js';
import { openChromium, openFirefox } from './playwright.js';
import { openWebKit } from './webkit.js';

/** What a project gives, in playwright.config.ts. */
export interface EngineOptions {
  engineName: EngineName;
  /** Where the test pages are. */
  origin: string;
}

interface WorkerFixtures extends EngineOptions {
  engine: Engine;
  crowd: Tab[];
}

interface TestFixtures {
  /** Skips the test where its engine is missing and nobody could have installed it. */
  excused: void;
  /** A profile of this test alone. */
  profile: Profile;
  /** Eight tabs of one profile. */
  race: Race;
}

/** Eight tabs, and the name of the store that they race for. It is a new one for each test; the tabs are not. */
interface Race {
  readonly name: string;
  /** Opens the store in all of them. */
  on(backend: BackendName): Promise<readonly Tab[]>;
}

const open: Record<EngineName, () => Engine | Promise<Engine>> = {
  chromium: openChromium,
  firefox: openFirefox,
  webkit: openWebKit,
};

export const test = base.extend<TestFixtures, WorkerFixtures>({
  engineName: ['chromium', { option: true, scope: 'worker' }],
  origin: ['', { option: true, scope: 'worker' }],

  engine: [
    async ({ engineName }, use) => {
      const engine = await open[engineName]();
      await use(engine);
      await engine.close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  // Opened once, since that takes longer than most races: Firefox starts a process for each.
  crowd: [
    async ({ engine, origin }, use) => {
      const profile = await engine.newProfile(origin);
      // A page with `window.recorded` beside `window.tab`.
      const one = (): Promise<Tab> => openTab(profile, '/e2e/pages/history.html');
      await use(await Promise.all(Array.from({ length: 8 }, one)));
      await profile.close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  excused: [
    async ({ engineName }, use, testInfo) => {
      const excuse = excuseFor(engineName);
      testInfo.skip(excuse !== undefined, excuse ?? '');
      await use();
    },
    { auto: true },
  ],

  profile: async ({ engine, origin }, use) => {
    const profile = await engine.newProfile(origin);
    await use(profile);
    await profile.close();
  },

  race: async ({ crowd }, use) => {
    const name = randomUUID();
    await use({
      name,
      async on(backend) {
        await Promise.all(crowd.map((tab) => openStoreIn(tab, backend, name)));
        return crowd;
      },
    });
    await Promise.all(crowd.map((tab) => tab.evaluate(() => window.tab.reset())));
  },
});

export { expect } from 'playwright/test';
