// The library build and the tests. The demo and the end-to-end pages have servers of their own: demo/, e2e/.

import { isAbsolute } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumArgs, findChromium } from './scripts/browsers.mjs';
import { aliases, declared, entries, root } from './scripts/entries.mjs';
import { writeExamples } from './scripts/examples.mjs';

const browserTests = ['src/**/*.browser.test.ts', 'test/**/*.browser.test.ts'];

const executablePath = findChromium();

// They are tests too, and must be there before vitest looks for its files.
if (process.env['VITEST']) writeExamples();

export default defineConfig({
  root,
  build: {
    target: 'es2022',
    minify: false,
    sourcemap: true,
    lib: {
      entry: Object.fromEntries(entries.map(({ name, source }) => [name, root + source])),
      formats: ['es'],
    },
    rolldownOptions: {
      // Every package, declared or not: an undeclared one then shows in the output, and scripts/check-exports.mjs finds it.
      external: (id) => !id.startsWith('.') && !isAbsolute(id),
      output: {
        entryFileNames: '[name].js',
        preserveModules: true,
        preserveModulesRoot: 'src',
      },
    },
  },
  test: {
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/*.test-d.ts'],
    },
    projects: [
      {
        resolve: { alias: aliases },
        test: {
          name: 'node',
          environment: 'node',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: browserTests,
        },
      },
      {
        resolve: { alias: aliases },
        // Found while the tests run, a dependency would reload the page under them.
        optimizeDeps: { include: [...declared, 'fast-check', 'valibot'] },
        test: {
          name: 'chromium',
          include: browserTests,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { args: chromiumArgs, ...(executablePath && { executablePath }) },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
