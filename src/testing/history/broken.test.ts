// Planted bugs: none of them may have a history that could be explained, for long.

import { expect, test } from 'vitest';
import { brokenHistories } from '../../../test/broken/histories.js';
import { unfencedBackend } from '../../../test/broken/unfenced.js';
import { randomFrom } from '../../../test/history-generator.js';
import { historyOf, slow, type HistoryTab } from '../../../test/history-fixture.js';
import { SharedMemory } from '../../../test/shared-memory.js';
import { virtualClock } from '../../../test/virtual-clock.js';
import { backendOver } from '../../../test/backend-over.js';
import type { StoredRecord } from '../../backend.js';
import type { Clock } from '../../clock.js';
import type { Ttl } from '../../session.js';
import { put } from '../records.js';
import { checkHistory, simulateOrigin, type HistoryViolation } from '../index.js';

const mostSeeds = 40;

interface Planted {
  readonly ttl?: Ttl | undefined;
  readonly killAfter?: number | undefined;
  readonly reads?: 'latest' | 'ordered' | undefined;
}

/** What is wrong with the first history that breaks a rule in one of these ways. */
async function caught(
  rules: readonly string[],
  plant: (clock: Clock, seed: number) => (number: number) => HistoryTab,
  { ttl = { idle: 150 }, killAfter, reads = 'latest' }: Planted = {},
): Promise<readonly HistoryViolation[]> {
  for (let seed = 1; seed <= mostSeeds; seed++) {
    const clock = virtualClock();
    const openTab = plant(clock, seed);
    const plan = { seed, clock, clients: 4, operations: 30, openTab, ttl, killAfter };
    const { violations } = checkHistory(await historyOf(plan), { tolerance: 0, reads });
    const named = violations.filter(({ rule }) => rules.includes(rule));
    if (named.length > 0) return named;
  }
  return [];
}

test.each(brokenHistories)('%s breaks %s', { timeout: 60_000 }, async (_, rule, change) => {
  const violations = await caught([rule], (clock, seed) => {
    const memory = new SharedMemory();
    const random = randomFrom(seed);
    return (index) => {
      const inner = memory.tab();
      const broken = backendOver(inner, change(clock, random)(inner, memory));
      return { backend: slow(broken, clock, seed * 8 + index) };
    };
  });
  // Few operations say it all.
  expect(Math.min(...violations.map(({ operations }) => operations.length))).toBeLessThan(5);
});

test('localStorage under a Web Lock without the fence breaks R2', async () => {
  const violations = await caught(
    ['R2'],
    (clock, seed) => {
      const origin = simulateOrigin({ seed, clock });
      return () => {
        const { storage, locks } = origin.openTab();
        return { backend: unfencedBackend(storage, locks) };
      };
    },
    { reads: 'ordered' },
  );
  expect(violations).not.toEqual([]);
});

test('an acknowledged write that is lost with its tab breaks R9', async () => {
  const violations = await caught(
    ['R9'],
    (clock, seed) => {
      const memory = new SharedMemory();
      return (index) => {
        const inner = memory.tab();
        const undo = new Map<string, StoredRecord>();
        const backend = backendOver(inner, {
          transact: (ids, decide) =>
            inner.transact(ids, (current) => {
              const decision = decide(current);
              for (const { id } of decision.write ?? []) {
                const before = current.get(id);
                if (before) undo.set(id, before);
              }
              return decision;
            }),
        });
        const kill = (): void => void put(inner, ...undo.values());
        return { backend: slow(backend, clock, seed * 8 + index), kill };
      };
    },
    { killAfter: 60 },
  );
  expect(violations).not.toEqual([]);
});

test('an expired session that is read breaks R6', async () => {
  const violations = await caught(
    ['R6'],
    (clock, seed) => {
      const memory = new SharedMemory();
      // The clock of one tab stands still.
      const stopped: Clock = {
        now: () => Date.UTC(2026, 0, 1),
        after: (...timer) => clock.after(...timer),
      };
      return (index) => ({
        backend: slow(memory.tab(), clock, seed * 8 + index),
        clock: index === 0 ? stopped : clock,
      });
    },
    { ttl: { idle: 20 } },
  );
  expect(violations).not.toEqual([]);
});
