/** Every backend keeps every rule in each engine: the published kit, in a page of it. In Chromium it runs with the unit tests. */

import { conformance } from '../src/testing/conformance.js';
import { expect, test } from './engines/test.js';
import type { KitPlace } from './pages/kit.js';

// Those that differ from others by code which no engine knows run with the faults.
const places: Record<KitPlace, '' | ' @faults'> = {
  memory: '',
  IndexedDB: '',
  localStorage: '',
  'localStorage without Web Locks': ' @faults',
  'localForage on IndexedDB': '',
  'localForage on localStorage': '',
  'fallback to IndexedDB': ' @faults',
  'fallback that is not needed': ' @faults',
};

/** As many as here in Node, where nothing is run. */
const cases = countCases();

for (const [place, tag] of Object.entries(places)) {
  test(`the kit over ${place}: ${cases} cases${tag}`, async ({ profile }) => {
    test.setTimeout(180_000);
    const tab = await profile.openTab('/e2e/pages/kit.html');
    await expect.poll(() => tab.evaluate(() => 'kit' in window), { timeout: 20_000 }).toBe(true);

    const { passed, failed } = await tab.evaluate(
      (name) => window.kit.run(name),
      place as KitPlace,
    );

    expect(failed).toEqual([]);
    expect(passed).toBe(cases);
  });
}

function countCases(): number {
  let count = 0;
  const describe = (_: string, body: () => void): void => body();
  conformance({ describe, test: () => count++, expect }, () => ({ backend: never, dispose() {} }));
  if (count === 0) throw new Error('The kit has no cases.');
  return count;
}

function never(): never {
  throw new Error('Nothing is run here.');
}
