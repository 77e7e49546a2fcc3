// The one server of the end-to-end tests: the demo under /demo/, bare test pages under /e2e/pages/.

import { defineConfig } from 'vite';
import { aliases, declared, root } from '../scripts/entries.mjs';

export default defineConfig({
  root,
  // Not the cache of the demo or of the unit tests, which may run beside it.
  cacheDir: 'node_modules/.vite/e2e',
  // Every page is its own, an unknown path is a 404 and not the demo.
  appType: 'mpa',
  resolve: { alias: aliases },
  // Found while a test runs, a dependency would reload the page under it.
  optimizeDeps: { include: declared, entries: ['demo/*.html', 'e2e/pages/*.html'] },
  server: {
    host: '127.0.0.1',
    port: Number(process.env['TABKEEP_E2E_PORT']),
    strictPort: true,
    // No reload under a running test when somebody saves a file.
    hmr: false,
    watch: null,
    // An insecure origin (see playwright.config.ts), where Web Locks are missing.
    allowedHosts: ['plain.test'],
  },
});
