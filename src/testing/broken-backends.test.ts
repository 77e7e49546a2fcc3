// Each of these backends breaks its word in one way, most of them met in the wild. The kit must find every one.

import { describe, expect, test } from 'vitest';
import { brokenCommits } from '../../test/broken/commits.js';
import { brokenReads } from '../../test/broken/reads.js';
import { brokenScans } from '../../test/broken/scans.js';
import { failuresOf } from '../../test/collect-conformance.js';
import { sharedMemoryPlace } from '../../test/shared-memory.js';

describe.each([...brokenCommits, ...brokenReads, ...brokenScans])('%s', (_, rules, change) => {
  test(`is found by the cases of ${rules.join(', ')}`, { timeout: 60_000 }, async () => {
    const only = new RegExp(`^(${rules.join('|')}) `);
    const failures = await failuresOf(() => sharedMemoryPlace(change), { only });
    expect(new Set(failures.map((title) => title.split(' ')[0]))).toEqual(new Set(rules));
  });
});
