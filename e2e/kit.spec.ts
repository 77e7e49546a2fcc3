/** Every backend keeps every rule in each engine: the published kit, in a page of it. In Chromium it runs with the unit tests. */

import { conformance } from '../src/testing/conformance.js';
import { expect, test } from './engines/test.js';
import type { KitPlace } from './pages/kit.js';

const places: Record<KitPlace, true> = {
  memory: true,
  IndexedDB: true,
  localStorage: true,
  'localStorage without Web Locks': true,
  'localForage on IndexedDB': true,
  'localForage on localStorage': true,
  'fallback to IndexedDB': true,
  'fallback that is not needed': true,
};

/** As many as here in Node, where nothing is run. */
const cases = countCases();

for (const place of Object.keys(places) as KitPlace[]) {
  test(`the kit over ${place}: ${cases} cases`, async ({ profile }) => {
    test.setTimeout(180_000);
    const tab = await profile.openTab('/e2e/pages/kit.html');
    await expect.poll(() => tab.evaluate(() => 'kit' in window), { timeout: 20_000 }).toBe(true);

    const { passed, failed } = await tab.evaluate((name) => window.kit.run(name), place);

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
