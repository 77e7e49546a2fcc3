/** As history.spec.ts, in the other engines: is there one order that explains what every tab saw? */

import { checkHistory, type HistoryEvent } from '../src/testing/index.js';
import { expect, test } from './engines/test.js';
import { backendNames } from './tabs.js';

const operations = 40;

test.setTimeout(180_000);

for (const backend of backendNames) {
  test(`R1 R2 R4 R5 8 tabs × ${operations} mixed operations on ${backend} have one order`, async ({
    race,
  }) => {
    const tabs = await race.on(backend);

    const parts = await Promise.all(
      tabs.map((tab, index) => {
        const work = { client: `tab ${index + 1}`, seed: 100 + index, operations, atOnce: 3 };
        return tab.evaluate((given) => window.recorded.work(given), work);
      }),
    );
    const history = JSON.parse(JSON.stringify(parts.flat())) as HistoryEvent[];

    // Where each process has its own copy, a tab may read what another one has already overwritten.
    const reads = backend.includes('indexeddb') ? 'latest' : 'ordered';
    const { violations, operations: checked } = checkHistory(history, { reads });
    expect(violations.map(({ text }) => text).join('\n')).toBe('');
    expect(checked).toBe(8 * operations);
    // Tabs did meet, or nothing was shown.
    const codes = history.map(({ outcome }) => outcome?.kind === 'error' && outcome.code);
    expect(codes).toContain('VERSION_CONFLICT');
  });
}
