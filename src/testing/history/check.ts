/** Puts a history to the rules. */

import type {
  CheckHistoryOptions,
  HistoryEvent,
  HistoryVerdict,
  HistoryViolation,
} from './history.js';
import { claimsOf, disagreements, type Finding } from './claims.js';
import { Evidence } from './evidence.js';
import { explain } from './explain.js';
import { operationsOf, type Operation } from './operations.js';
import { search, type SearchContext } from './search.js';
import { smallest } from './smallest.js';
import { lineOf } from './text.js';

/**
 * Checks what concurrent clients saw of a store: is there one order of all their operations, in keeping with real time, in
 * which each outcome is what the rules say? (Linearizability, for each session with those that it was rotated to.) This
 * holds for no history of a backend that loses an update (R2), overwrites (R3), resurrects (R4), forks (R5), counts versions
 * wrongly (R1), or acknowledges what it then forgets (R9).
 *
 * Shape:       {@link HistoryVerdict}
 * Absent:      an operation that never returned, or failed in a way that leaves its effect open, may have taken effect at any
 *   time after it was invoked, or never
 * Concurrency: a history is plain data; put together those of all clients, in any order
 *
 * @param events - of every client that wrote to these sessions; a write that is not recorded looks like a violation
 * @param options - {@link CheckHistoryOptions}
 * @throws RangeError when so many operations have no outcome that no order can be found or excluded in time
 * @see https://doi.org/10.1145/78969.78972 (Herlihy and Wing)
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { memoryBackend } from 'tabkeep/stores/memory';
 * import { checkHistory, historyRecorder } from 'tabkeep/testing';
 *
 * const store = await openStore<number>({ name: 'shop', backend: memoryBackend() });
 * const recorders = ['tab 1', 'tab 2'].map((client) => historyRecorder({ client }));
 * const { id } = await recorders[0]!.record(store).create(0);
 * await Promise.all(recorders.map((each) => each.record(store).update(id, (count) => count + 1)));
 * const verdict = checkHistory(recorders.flatMap(({ events }) => events));
 * console.log(verdict.ok, verdict.violations); // true, []
 * ```
 */
export function checkHistory(
  events: readonly HistoryEvent[],
  { tolerance = 5, reads = 'latest' }: CheckHistoryOptions = {},
): HistoryVerdict {
  const whole = lastWords(events);
  const operations = operationsOf(whole);
  const evidence = new Evidence(operations);
  const context: SearchContext = { evidence, tolerance, loadsLag: reads === 'ordered' };
  const claims = claimsOf(whole, tolerance);
  const disagreeing = disagreements(whole, evidence);
  const findings =
    claims.length + disagreeing.length > 0
      ? [...claims, ...explain(operations, context), ...disagreeing]
      : lineagesOf(operations).flatMap((lineage) => findingsIn(lineage, context));
  const violations = tellEachOnce(findings);
  return { ok: violations.length === 0, violations, operations: whole.length };
}

function findingsIn(operations: readonly Operation[], context: SearchContext): Finding[] {
  if (search(operations, context)) return [];
  const found = explain(operations, context);
  return found.length > 0 ? found : [smallest(operations, context)];
}

/** Of an event that was told when it began and again when it returned, the latter. */
function lastWords(events: readonly HistoryEvent[]): HistoryEvent[] {
  const last = new Map<string, HistoryEvent>();
  for (const event of events) {
    const key = `${event.number} ${event.client}`;
    if (event.returned !== null || !last.has(key)) last.set(key, event);
  }
  return [...last.values()];
}

/** Sessions that share no operation are checked by themselves. */
function lineagesOf(operations: readonly Operation[]): Operation[][] {
  const parents = new Map<string, string>();
  const rootOf = (id: string): string => {
    let root = id;
    for (let up = parents.get(root); up !== undefined; up = parents.get(root)) root = up;
    return root;
  };
  const idsOf = ({ steps }: Operation): string[] => steps.flat().map(({ id }) => id);
  for (const operation of operations) {
    const [first, ...others] = idsOf(operation).map(rootOf);
    for (const other of others)
      if (rootOf(other) !== rootOf(first!)) parents.set(rootOf(other), rootOf(first!));
  }
  const lineages = new Map<string, Operation[]>();
  for (const operation of operations) {
    const root = rootOf(idsOf(operation)[0]!);
    const lineage = lineages.get(root) ?? [];
    lineage.push(operation);
    lineages.set(root, lineage);
  }
  return [...lineages.values()];
}

/** For each id and rule the finding with the fewest operations; what was evident first comes first. */
function tellEachOnce(findings: readonly Finding[]): HistoryViolation[] {
  const told = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.rule} ${finding.id}`;
    const other = told.get(key);
    const isShorter = other === undefined || finding.operations.length < other.operations.length;
    if (isShorter) told.set(key, finding);
  }
  const evident = ({ operations }: Finding): number =>
    Math.max(...operations.map(({ returned }) => returned?.at ?? Infinity));
  const inOrder = [...told.values()].sort((one, other) => evident(one) - evident(other));
  return inOrder.map(({ what, operations, ...finding }) => {
    const lines = operations.map((event) => `\n  ${lineOf(event)}`);
    return { ...finding, text: `${finding.rule} ${what}:${lines.join('')}`, operations };
  });
}
