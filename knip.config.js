// Dead code: files that nothing reaches, exports that nobody imports, dependencies that are unused or undeclared.

import { entries } from './scripts/entries.mjs';

export default {
  entry: [
    // Knip finds these by itself only where `dist` exists, and a fresh clone has none.
    ...entries.map(({ source }) => source),
    // Compiled, never imported.
    'src/**/*.test-d.ts',
    // Used by what scripts/examples.mjs makes, which git does not know.
    'test/claims.ts',
    'demo/*.html',
    'demo/writer.ts',
    'demo/extension/{popup,worker}.ts',
    'e2e/vite.config.ts',
    'e2e/*.spec.ts',
    'e2e/pages/*.{html,ts}',
  ],
  // Of the system: the tests of full and failing disks use them.
  ignoreBinaries: ['dd', 'mount', 'strace', 'umount'],
  project: ['src/**', 'test/**', 'demo/**', 'e2e/**', 'scripts/**', '*.{ts,js}'],
};
