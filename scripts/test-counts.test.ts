import { expect, test } from 'vitest';
import { countPlaywright } from './test-counts.mjs';

const report = {
  stats: { expected: 3, unexpected: 1, flaky: 1, skipped: 2 },
  suites: [
    {
      specs: [{ tests: [{ status: 'expected', projectName: 'webkit' }] }],
      suites: [
        {
          specs: [
            { tests: [{ status: 'skipped', projectName: 'webkit' }] },
            { tests: [{ status: 'skipped', projectName: 'chromium' }] },
          ],
        },
      ],
    },
  ],
};

test('a test that was skipped has failed', () => {
  expect(countPlaywright(report, () => undefined)).toEqual({ passed: 3, failed: 4 });
});

test('one whose browser nobody could have installed has not', () => {
  const excuseFor = (project: string): string | undefined =>
    project === 'webkit' ? 'No WebKitGTK on this machine.' : undefined;
  expect(countPlaywright(report, excuseFor)).toEqual({ passed: 3, failed: 3 });
});

test('one that its machine cannot run has not, but in CI', () => {
  const annotations = [{ type: 'skip', description: 'This machine cannot mount a disk.' }];
  const disks = {
    stats: { expected: 1 },
    suites: [{ specs: [{ tests: [{ status: 'skipped', projectName: 'chromium', annotations }] }] }],
  };
  expect(countPlaywright(disks, () => undefined, false)).toEqual({ passed: 1, failed: 0 });
  expect(countPlaywright(disks, () => undefined, true)).toEqual({ passed: 1, failed: 1 });
});

test('no report, no test', () => {
  expect(countPlaywright(undefined, () => undefined)).toEqual({ passed: 0, failed: 0 });
});
