// End-to-end tests: real tabs of real browsers, against one Vite server for demo and test pages.

import { createServer } from 'node:net';
import { defineConfig, devices } from 'playwright/test';
import { chromiumArgs, findChromium } from '../scripts/browsers.mjs';
import { root } from '../scripts/entries.mjs';
import type { EngineOptions } from './engines/test.js';

// Free rather than fixed, so that two runs do not meet. The workers, which read this file too, inherit the choice.
const port = (process.env['TABKEEP_E2E_PORT'] ??= String(await freePort()));

const origin = `http://127.0.0.1:${port}`;

const executablePath = findChromium();

/** What is tested in each engine; the rest in Chromium only. */
const everyEngine = ['crash.spec.ts', 'races.spec.ts'];

/** What Chromium does elsewhere: the kit among the unit tests, histories in history.spec.ts. */
const otherEngines = ['kit.spec.ts', 'history-engines.spec.ts'];

export default defineConfig<object, EngineOptions>({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../test-results',
  // What takes minutes, or figures by the hundred: `npm run test:faults`.
  grepInvert: /@faults/,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  reporter: 'list',
  use: { baseURL: origin, origin, trace: 'retain-on-failure' },
  projects: [
    {
      name: 'chromium',
      testIgnore: otherEngines,
      use: {
        ...devices['Desktop Chrome'],
        launchOptions: {
          // `http://plain.test` leads here as well, and unlike the loopback address is no secure context.
          args: [...chromiumArgs, '--host-resolver-rules=MAP plain.test 127.0.0.1'],
          ...(executablePath && { executablePath }),
        },
      },
    },
    {
      name: 'firefox',
      testMatch: [...everyEngine, ...otherEngines],
      use: { engineName: 'firefox' },
    },
    { name: 'webkit', testMatch: [...everyEngine, ...otherEngines], use: { engineName: 'webkit' } },
  ],
  webServer: {
    // Vite itself, not a shell around it: the process that Playwright ends is then the one that holds the port.
    command: `exec "${process.execPath}" node_modules/vite/bin/vite.js --config e2e/vite.config.ts`,
    cwd: root,
    port: Number(port),
    reuseExistingServer: false,
  },
});

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
