// Whatever tabs do at once to a sound backend, there is one order that explains it.

import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { historyOf, slow } from '../../../test/history-fixture.js';
import { backendIn } from '../../../test/key-value-fixture.js';
import { SharedMemory } from '../../../test/shared-memory.js';
import { virtualClock } from '../../../test/virtual-clock.js';
import { systemClock } from '../../clock.js';
import { indexedDBBackend } from '../../stores/indexeddb.js';
import { checkHistory, simulateOrigin, type HistoryEvent } from '../index.js';

const clientsOf = (seed: number): number => 3 + (seed % 6);

function check(
  seed: number,
  history: readonly HistoryEvent[],
  reads: 'latest' | 'ordered',
): Set<string> {
  const { violations } = checkHistory(history, { tolerance: 0, reads });
  expect(violations.map(({ text }) => text).join('\n'), `seed ${seed}`).toBe('');
  return new Set(history.map(({ op, outcome }) => `${op} ${outcomeName(outcome)}`));
}

function outcomeName(outcome: HistoryEvent['outcome']): string {
  if (outcome?.kind === 'error') return outcome.reason ?? outcome.code;
  return outcome?.kind ?? 'unknown';
}

test('R1 R2 R3 R4 R5: memory, 120 histories', { timeout: 120_000 }, async () => {
  const met = new Set<string>();
  for (let seed = 1; seed <= 120; seed++) {
    const clock = virtualClock();
    const memory = new SharedMemory();
    const history = await historyOf({
      seed,
      clock,
      clients: clientsOf(seed),
      operations: 30,
      openTab: (index) => ({ backend: slow(memory.tab(), clock, seed * 8 + index) }),
      ttl: seed % 3 === 0 ? { idle: 15, absolute: 120 } : undefined,
    });
    for (const each of check(seed, history, 'latest')) met.add(each);
  }
  // The work is as mixed as it is meant to be.
  expect([...met]).toEqual(
    expect.arrayContaining([
      'create ID_COLLISION',
      'update ended',
      'save rotated',
      'saveIfVersion VERSION_CONFLICT',
      'rotate VERSION_CONFLICT',
      'touch expired',
      'load absent',
      'delete ended',
    ]),
  );
});

test('R1 R2 R3 R4 R5: IndexedDB, 60 histories', { timeout: 120_000 }, async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const factory = new IDBFactory();
    const history = await historyOf({
      seed,
      clock: systemClock,
      clients: clientsOf(seed),
      operations: 30,
      openTab: () => ({ backend: indexedDBBackend({ indexedDB: factory }) }),
    });
    expect(check(seed, history, 'latest').size).toBeGreaterThan(5);
  }
});

test('R1 R2 R3 R4 R5: localStorage, 160 histories', { timeout: 240_000 }, async () => {
  const met = new Set<string>();
  for (let seed = 1; seed <= 160; seed++) {
    const clock = virtualClock();
    const origin = simulateOrigin({ seed, clock });
    const history = await historyOf({
      seed,
      clock,
      clients: clientsOf(seed),
      operations: 16,
      openTab() {
        const tab = origin.openTab();
        return { backend: backendIn(tab, clock), kill: () => tab.kill() };
      },
      // The first tab dies in the middle of it.
      killAfter: seed % 2 === 0 ? 50 + ((seed * 37) % 400) : undefined,
      ttl: seed % 5 === 0 ? { idle: 100, absolute: 600 } : undefined,
    });
    for (const each of check(seed, history, 'ordered')) met.add(each);
  }
  expect([...met].filter((each) => each.endsWith('unknown')).length).toBeGreaterThan(3);
});
