/** Chromium and Firefox, driven by Playwright. */

import { chromium, firefox, type Browser, type Page } from 'playwright/test';
import { chromiumArgs, findChromium, findFirefox } from '../../scripts/browsers.mjs';
import { crash } from '../tabs.js';
import type { Engine, EngineName, Tab } from './engine.js';

export async function openChromium(): Promise<Engine> {
  const executablePath = findChromium();
  const browser = await chromium.launch({
    args: chromiumArgs,
    ...(executablePath && { executablePath }),
  });
  return engine('chromium', browser, crashable);
}

export async function openFirefox(): Promise<Engine> {
  const browser = await firefox.launch({
    // The Firefox that people have is driven over WebDriver BiDi; Playwright's other way is for its own patched build.
    channel: 'moz-firefox',
    executablePath: findFirefox() ?? 'firefox',
    // Tabs of one site share four processes otherwise, and tests of what holds between processes want one for each.
    firefoxUserPrefs: { 'dom.ipc.processCount.webIsolated': 16 },
  });
  return engine('firefox', browser, (page) => page);
}

function engine(name: EngineName, browser: Browser, tabOf: (page: Page) => Tab): Engine {
  return {
    name,
    async newProfile(origin) {
      const context = await browser.newContext({ baseURL: origin });
      return {
        async openTab(path) {
          const page = await context.newPage();
          await page.goto(path);
          return tabOf(page);
        },
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

function crashable(page: Page): Tab {
  return Object.assign(page, { crash: () => crash(page) });
}
