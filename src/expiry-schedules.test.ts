// R6, R7: random lives of sessions under clocks that jump forward and back, in several tabs.

import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { ExpirySchedule, type ScheduleOptions } from '../test/expiry-schedule.js';
import { withSeeds } from '../test/seeds.js';
import { SharedMemory } from '../test/shared-memory.js';
import { nextTurn } from './environment.js';
import { cachedBackend } from './stores/cached.js';
import { indexedDBBackend } from './stores/indexeddb.js';
import { memoryBackend } from './stores/memory.js';

/** Memory needs no turn of the event loop. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

async function turns(): Promise<void> {
  for (let i = 0; i < 6; i++) await nextTurn();
}

const places: readonly [string, number, number, () => ScheduleOptions][] = [
  [
    'three tabs, of which one caches',
    5000,
    6,
    () => {
      const memory = new SharedMemory();
      const backends = [memory.tab(), cachedBackend(memory.tab()), memory.tab()];
      return { backends, settle: microtasks };
    },
  ],
  ['memory', 3000, 8, () => ({ backends: [memoryBackend()], settle: microtasks })],
  [
    'cached memory',
    1980,
    8,
    () => ({ backends: [cachedBackend(memoryBackend())], settle: microtasks }),
  ],
  [
    'two tabs on a fake IndexedDB, of which one caches',
    20,
    8,
    () => {
      const indexedDB = new IDBFactory();
      const backends = [
        indexedDBBackend({ indexedDB }),
        cachedBackend(indexedDBBackend({ indexedDB })),
      ];
      return { backends, settle: turns };
    },
  ],
];

const isAlone = process.env['TABKEEP_SEED'] !== undefined;

describe('R6, R7 no read gives what has expired, no sweep takes what lives', () => {
  for (const [title, count, steps, place] of places) {
    it(`${count} schedules: ${title}`, { timeout: 300_000 }, async () => {
      let reads = 0;
      await withSeeds(count, async (seed) => {
        reads += await ExpirySchedule.run(seed, steps, place());
      });
      // Else most had nothing to read.
      expect(reads).toBeGreaterThan(isAlone ? 0 : count * 3);
    });
  }
});
