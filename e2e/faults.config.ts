// `npm run test:faults`: the tests that break things, as often as their figures need. `TABKEEP_SEED` replays a failure.

import { defineConfig } from 'playwright/test';
import config from './playwright.config.js';
import type { FaultOptions } from './faults.js';

export default defineConfig<FaultOptions>({
  ...config,
  grep: /@faults|@scaled/,
  grepInvert: [],
  // They measure what a busy machine blurs.
  workers: 1,
  timeout: 60 * 60_000,
  use: { ...config.use, scale: 'full', seed: Number(process.env['TABKEEP_SEED'] ?? 0) },
});
