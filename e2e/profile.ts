/** A browser whose profile lies on the disk and outlives it: to be killed, and started again. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type CDPSession } from 'playwright/test';
import { chromiumArgs, findChromium } from '../scripts/browsers.mjs';

/** One process of a browser. */
interface BrowserProcess {
  readonly type: string;
  readonly id: number;
}

/** A running browser, and its processes. */
export interface RunningBrowser {
  readonly context: BrowserContext;
  /** The processes of its pages. */
  renderers(): Promise<number[]>;
  /** Ends the browser's own process at once, as a crash of the machine's memory would; the others follow it. */
  kill(): Promise<void>;
}

/** Starts Chromium on a folder. The caller closes or kills it. */
export async function launchOn(folder: string): Promise<RunningBrowser> {
  const executablePath = findChromium();
  const context = await chromium.launchPersistentContext(folder, {
    // Else a spare renderer could be taken for the one of a new page.
    args: [...chromiumArgs, '--disable-features=SpareRendererForSitePerProcess'],
    ...(executablePath && { executablePath }),
  });
  const session: CDPSession = await context.browser()!.newBrowserCDPSession();
  const processes = async (): Promise<BrowserProcess[]> =>
    (await session.send('SystemInfo.getProcessInfo')).processInfo;
  const [browser] = (await processes()).filter(({ type }) => type === 'browser');
  return {
    context,
    async renderers() {
      return (await processes()).filter(({ type }) => type === 'renderer').map(({ id }) => id);
    },
    async kill() {
      const gone = new Promise((resolve) => context.once('close', resolve));
      process.kill(browser!.id, 'SIGKILL');
      await gone;
    },
  };
}

/** A new folder, removed by what is returned with it. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'tabkeep-e2e-'));
  // A browser that was killed may still be writing its last.
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 20 }) };
}
