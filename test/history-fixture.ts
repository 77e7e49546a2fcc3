// Histories of several clients at work at once, in simulated time.

import { startWork, type WorkData } from '../e2e/pages/workload.js';
import type { Backend } from '../src/backend.js';
import type { Clock } from '../src/clock.js';
import type { Ttl } from '../src/session.js';
import { openStore } from '../src/store.js';
import { type HistoryEvent } from '../src/testing/index.js';
import { backendOver } from './backend-over.js';
import { randomFrom } from './history-generator.js';
import { pass } from './key-value-fixture.js';

/** One tab of an origin. */
export interface HistoryTab {
  readonly backend: Backend;
  /** The clock of its store, where that is not the clock of all. */
  readonly clock?: Clock | undefined;
  readonly kill?: (() => void) | undefined;
}

export interface HistoryPlan {
  readonly seed: number;
  readonly clock: Clock;
  readonly clients: number;
  readonly operations: number;
  readonly openTab: (number: number) => HistoryTab;
  readonly ttl?: Ttl | undefined;
  /** When the first tab dies; default: never. */
  readonly killAfter?: number | undefined;
}

/** What several tabs do at once, as each of them saw it. */
export async function historyOf(plan: HistoryPlan): Promise<HistoryEvent[]> {
  const { seed, clock, clients, operations, openTab, ttl, killAfter } = plan;
  let ticks = 0;
  // One counter for all clients: of any two moments it is known which was first.
  const now = (): number => ++ticks;
  const tabs = Array.from({ length: clients }, (_, index) => openTab(index));
  const work = await Promise.all(
    tabs.map(async (tab, index) => {
      const store = await openStore<WorkData>({
        name: 'shop',
        backend: tab.backend,
        clock: tab.clock ?? clock,
        ttl,
        onError: () => {},
      });
      const client = `tab ${index + 1}`;
      return startWork(store, { client, seed: seed * 31 + index, operations }, { now, clock });
    }),
  );
  const [first, ...others] = work;
  const dead = tabs[0]!.kill;
  if (killAfter !== undefined && dead) {
    await pass(clock, killAfter);
    dead();
  } else await first!.done;
  await Promise.all(others.map(({ done }) => done));
  return structuredClone(work.flatMap(({ events }) => events));
}

/** A backend that takes its time, before and after. */
export function slow(inner: Backend, clock: Clock, seed: number, most = 10): Backend {
  const random = randomFrom(seed);
  const wait = (): Promise<void> => pass(clock, random(most));
  const slowly = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await wait();
    try {
      return await work();
    } finally {
      await wait();
    }
  };
  return backendOver(inner, {
    read: (id) => slowly(() => inner.read(id)),
    transact: (ids, decide) => slowly(() => inner.transact(ids, decide)),
  });
}
