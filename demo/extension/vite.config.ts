// `npm run extension`: the extension, ready to be loaded from demo/extension/dist.

import { defineConfig } from 'vite';
import { aliases } from '../../scripts/entries.mjs';

export default defineConfig({
  root: import.meta.dirname,
  resolve: { alias: aliases },
  define: {
    // What a pot stays warm without anybody pouring from it: the idle timeout.
    KEEPS_WARM: '180_000',
    PERIOD_IN_MINUTES: '1',
  },
  // Two builds into one folder: the pages, then the worker.
  builder: {},
  build: { outDir: 'dist', minify: false, modulePreload: false },
  environments: {
    client: { build: { rolldownOptions: { input: 'popup.html' } } },
    worker: {
      consumer: 'client',
      build: {
        emptyOutDir: false,
        copyPublicDir: false,
        rolldownOptions: {
          input: 'worker.ts',
          // One file: a service worker has no import(), which tabkeep would use to fetch what few need.
          output: { codeSplitting: false, entryFileNames: 'worker.js' },
        },
      },
    },
  },
});
