import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { collectConformance, failuresOf } from '../../test/collect-conformance.js';
import { sharedMemoryPlace } from '../../test/shared-memory.js';
import { memoryBackend } from '../stores/memory.js';
import { conformance } from './conformance.js';
import type { Place } from './runner.js';

const memoryPlace = (): Place => ({ backend: memoryBackend, dispose() {} });

conformance({ describe, test, expect }, () => sharedMemoryPlace(), { title: 'shared memory' });

test(
  'the kit runs with no more than an expect made of node:assert',
  { timeout: 60_000 },
  async () => {
    const tiny = (actual: unknown) => ({
      toBe: (expected: unknown) => assert.strictEqual(actual, expected),
      toEqual: (expected: unknown) => assert.deepStrictEqual(actual, expected),
    });
    const results = await collectConformance(memoryPlace, { expect: tiny });
    expect(results.filter((result) => 'error' in result)).toEqual([]);
    expect(results.length).toBeGreaterThan(300);
  },
);

test('every title begins with the number of a rule, none is left out, and no two are alike', () => {
  const titles: string[] = [];
  const describeNow = (_: string, body: () => void): void => body();
  conformance({ describe: describeNow, test: (title) => titles.push(title), expect }, memoryPlace);
  const numbers = titles.map((title) => /^R(\d+) /.exec(title)?.[1]);
  expect(new Set(numbers)).toEqual(new Set(Array.from({ length: 16 }, (_, i) => String(i + 1))));
  expect(new Set(titles).size).toBe(titles.length);
});

describe('exceptions', () => {
  const title = 'R7 scan: hands out whole records, data included';
  const withoutData = (): Place =>
    sharedMemoryPlace((inner) => ({
      scan: async (query) => {
        const page = await inner.scan(query);
        const empty = { value: () => undefined };
        return {
          ...page,
          records: page.records.map((record) =>
            record.kind === 'live' ? { ...record, data: empty } : record,
          ),
        };
      },
    }));

  test('a case that fails as it was said to is no failure', async () => {
    const exceptions = [{ reason: 'scans leave the data out', cases: [title] }];
    expect(await failuresOf(withoutData, { only: /^R7 scan:/ })).toEqual([title]);
    expect(await failuresOf(withoutData, { only: /^R7 scan:/, exceptions })).toEqual([]);
  });

  test('an exception that is not needed fails', async () => {
    const exceptions = [{ reason: 'once upon a time', cases: [title] }];
    const failed = await failuresOf(memoryPlace, { only: /^R7 scan:/, exceptions });
    expect(failed).toEqual([`${title} (excused: once upon a time)`]);
  });

  test('an exception of a case that there is not, or without a reason, is refused', () => {
    const runner = { describe: (_: string, body: () => void) => body(), test: () => {}, expect };
    const run = (reason: string, name: string) => () =>
      conformance(runner, memoryPlace, { exceptions: [{ reason, cases: [name] }] });
    expect(run('a reason', 'R99 no such case')).toThrow(RangeError);
    expect(run('', title)).toThrow(RangeError);
    expect(run('a reason', title)).not.toThrow();
  });
});
