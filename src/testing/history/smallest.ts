/** The smallest set of outcomes for which there is no order, where no two of them contradict each other. */

import type { HistoryEvent } from './history.js';
import type { Finding } from './claims.js';
import { Evidence } from './evidence.js';
import { operationsOf, type Operation } from './operations.js';
import { search, type SearchContext } from './search.js';

/** Above this many operations those that can be spared are not looked for one by one. */
const fewEnough = 60;

const fewSteps = 3_000;

/**
 * Forgets outcomes, so that anything or nothing may have come of them, for as long as there is still no order: first the
 * latest, then every other one.
 */
export function smallest(operations: readonly Operation[], context: SearchContext): Finding {
  const events = [...new Set(operations.map(({ event }) => event))].sort(
    (one, other) => endOf(one) - endOf(other),
  );
  // The first so many that cannot be explained: fewer known outcomes are always easier to explain.
  let few = 0;
  let many = events.length;
  while (few + 1 < many) {
    const middle = Math.floor((few + many) / 2);
    if (isUnexplained(cutAfter(events, middle), context)) many = middle;
    else few = middle;
  }
  let rest = cutAfter(events, many);
  const isKnown = ({ returned }: HistoryEvent): boolean => returned !== null;
  if (rest.filter(isKnown).length <= fewEnough) {
    for (const event of rest.filter(isKnown)) {
      const without = rest.map((each) => (each === event ? forgotten(each) : each));
      if (isUnexplained(without, context)) rest = without;
    }
  }
  const left = rest.filter(isKnown);
  const ids = new Set(left.map(({ id }) => id));
  return {
    rule: ids.size > 1 ? 'R10' : 'R9',
    id: left.at(-1)!.id,
    what: 'no order of these operations explains what came of them',
    operations: left.length <= fewEnough ? left : left.slice(-10),
  };
}

function cutAfter(events: readonly HistoryEvent[], count: number): HistoryEvent[] {
  const end = endOf(events[count - 1]!);
  return events.flatMap((event, index) => {
    if (index < count) return [event];
    return event.invoked.at <= end ? [forgotten(event)] : [];
  });
}

function forgotten(event: HistoryEvent): HistoryEvent {
  return { ...event, returned: null, outcome: null };
}

function isUnexplained(events: readonly HistoryEvent[], context: SearchContext): boolean {
  const operations = operationsOf(events);
  try {
    const evidence = new Evidence(operations);
    return !search(operations, { ...context, evidence }, fewSteps);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return false; // Not known to be so.
  }
}

function endOf({ returned }: HistoryEvent): number {
  return returned?.at ?? Infinity;
}
