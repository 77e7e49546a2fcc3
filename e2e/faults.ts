/** Tests that break things: few rounds with `npm test`, as many as a figure needs with `npm run test:faults`. */

import { spawnSync } from 'node:child_process';
import { test as base } from 'playwright/test';
import { randomFrom } from '../src/testing/random.js';

type Scale = 'bounded' | 'full';

export interface FaultOptions {
  /** Set by the configuration, never by a machine. */
  readonly scale: Scale;
  /** Where the random choices of a test begin; printed with each test, and given back to replay it. */
  readonly seed: number;
}

export interface Faults {
  /** How often to try. */
  readonly rounds: (bounded: number, full: number) => number;
  /** From 0 to 1, the same again for the same seed. */
  readonly random: () => number;
}

export const test = base.extend<FaultOptions & { readonly faults: Faults }>({
  scale: ['bounded', { option: true }],
  seed: [0, { option: true }],
  faults: async ({ scale, seed }, use, { title }) => {
    const start = seed || Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${start}: ${title}`);
    await use({
      rounds: (bounded, full) => (scale === 'full' ? full : bounded),
      random: randomFrom(start),
    });
  },
});

/**
 * Why disks cannot be broken here: that takes root, the right to mount, and these commands. What begins with "This machine
 * cannot" excuses a skipped test outside of CI, see scripts/test-counts.mjs.
 *
 * @returns `undefined` where they can
 */
export function reasonAgainst(...commands: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'This machine cannot mount a disk: that takes root.';
  const missing = commands.filter((command) => spawnSync(command, ['--version']).error);
  return missing.length > 0 ? `Missing: ${missing.join(', ')}.` : undefined;
}
