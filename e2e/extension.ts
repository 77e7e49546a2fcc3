/** The demo extension in a real Chromium: built, loaded unpacked, and looked into from outside. */

import { join } from 'node:path';
import { chromium, expect, type BrowserContext, type Page } from 'playwright/test';
import { build, createBuilder } from 'vite';
import type { Log } from '../demo/extension/kitchen.js';
import { chromiumArgs, findChromium } from '../scripts/browsers.mjs';
import { aliases, root } from '../scripts/entries.mjs';
import { entriesOf, rowsOf, type Row } from './raw-rows.js';

export interface Pace {
  /** Milliseconds that a session lives without activity. */
  readonly keepsWarm: number;
  readonly periodInMinutes: number;
}

/** Builds the demo extension into a folder, at a pace of the test's own. */
export async function buildExtension(folder: string, pace: Pace): Promise<void> {
  const builder = await createBuilder({
    configFile: join(root, 'demo/extension/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: folder, emptyOutDir: true },
    define: paceAsCode(pace),
  });
  await builder.buildApp();
}

/** Builds one more script into an extension's folder, for its background to run beside the worker. */
export async function buildScript(
  folder: string,
  input: string,
  pace: Pace,
  define: Record<string, string>,
): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    resolve: { alias: aliases },
    define: { ...paceAsCode(pace), ...define },
    build: {
      outDir: folder,
      emptyOutDir: false,
      modulePreload: false,
      rolldownOptions: { input, output: { codeSplitting: false, entryFileNames: '[name].js' } },
    },
  });
}

function paceAsCode({ keepsWarm, periodInMinutes }: Pace): Record<string, string> {
  return { KEEPS_WARM: String(keepsWarm), PERIOD_IN_MINUTES: String(periodInMinutes) };
}

/** Flags that load an unpacked extension; its alarms know no shortest period. */
export const extensionArgs = (folder: string): string[] => [
  ...chromiumArgs,
  `--disable-extensions-except=${folder}`,
  `--load-extension=${folder}`,
];

export interface ExtensionBrowser {
  readonly context: BrowserContext;
  /** `chrome-extension://` and its id. */
  readonly origin: string;
  /** Ends the browser's own process at once; the others follow it. */
  kill(): Promise<void>;
}

/** Starts Chromium with the extension, on a profile that outlives it. The caller closes or kills it. */
export async function launchWith(folder: string, profile: string): Promise<ExtensionBrowser> {
  const executablePath = findChromium();
  const context = await chromium.launchPersistentContext(profile, {
    args: extensionArgs(folder),
    ...(executablePath && { executablePath }),
  });
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  return {
    context,
    // Node takes the origin of such an address for opaque.
    origin: `chrome-extension://${new URL(worker.url()).host}`,
    async kill() {
      const session = await context.browser()!.newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      const gone = new Promise((resolve) => context.once('close', resolve));
      process.kill(processInfo.find(({ type }) => type === 'browser')!.id, 'SIGKILL');
      await gone;
    },
  };
}

export async function openPopup({ context, origin }: ExtensionBrowser): Promise<Page> {
  const popup = await context.newPage();
  await popup.goto(`${origin}/popup.html`);
  await expect(popup.locator('body[data-ready=yes]')).toBeVisible({ timeout: 30_000 });
  return popup;
}

/** A page of the extension with nothing of tabkeep in it, so that looking changes nothing. */
export async function openBarePage({
  context,
  origin,
}: Pick<ExtensionBrowser, 'context' | 'origin'>): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin}/manifest.json`);
  return page;
}

export const potsIn = (page: Page): Promise<Row[]> => page.evaluate(rowsOf, 'leaf-and-kettle');

export async function logIn(page: Page): Promise<Log['entries']> {
  return entriesOf(await page.evaluate(rowsOf, 'leaf-and-kettle-log'));
}

/** Stops the extension's worker, as the browser does when it is idle. */
export async function stopWorker(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  await session.detach();
}
