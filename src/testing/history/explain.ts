/** Why there is no order: two or three operations on one id that contradict each other, whatever else happened. */

import type { Finding } from './claims.js';
import { type Operation } from './operations.js';
import type { SearchContext } from './search.js';
import { isAliveOn, mayEnd, precedes, visitsOf, type Visit } from './visits.js';

/** The contradictions on each id by itself. */
export function explain(operations: readonly Operation[], context: SearchContext): Finding[] {
  const ids = new Set(operations.flatMap(({ steps }) => steps.flat().map(({ id }) => id)));
  return [...ids].flatMap((id) => {
    const here = operations.filter(({ steps }) => steps.flat().some((each) => each.id === id));
    const visits = visitsOf(id, here, context);
    return [
      ...successions(visits),
      ...setbacks(visits),
      ...origins(id, visits, here, context),
      ...ends(id, visits, here, context),
    ].map(({ rule, what, visits: found }) => {
      return { rule, id, what, operations: found.map(({ operation }) => operation.event) };
    });
  });
}

interface Contradiction {
  readonly rule: string;
  readonly what: string;
  readonly visits: readonly Visit[];
}

/** A rung is left once. */
function successions(visits: readonly Visit[]): Contradiction[] {
  const first = new Map<number, Visit>();
  return visits.flatMap((visit): Contradiction[] => {
    const { exact, effect } = visit;
    if (exact === undefined || !effect.leaves) return [];
    const other = first.get(exact);
    first.set(exact, other ?? visit);
    if (other === undefined) return [];
    const from = exact === 0 ? 'both began the session' : `both went on from ${nameOf(exact)}`;
    return [{ rule: ruleOfTwo(other, visit), what: from, visits: [other, visit] }];
  });
}

function ruleOfTwo(one: Visit, other: Visit): string {
  const ops = [opOf(one), opOf(other)];
  if (ops.includes('rotate')) return 'R5';
  if (one.exact === 0) return 'R3';
  return ops.includes('delete') ? 'R4' : 'R2';
}

/** The ladder is not climbed down. */
function setbacks(visits: readonly Visit[]): Contradiction[] {
  return visits.flatMap((visit): Contradiction[] => {
    const { before, high } = visit;
    if (before === undefined || before.low <= high) return [];
    const left = `after others had left ${nameOf(before.low)} or more`;
    const isVanished = visit.effect.found.is === 'gone';
    const what = `found ${nameOf(high)} ${left}${isVanished ? ', which nobody had ended' : ''}`;
    return [{ rule: ruleAfter(before, visit), what, visits: [...before.because, before, visit] }];
  });
}

function ruleAfter(before: Visit, { high, effect }: Visit): string {
  if (effect.leaves && high === 0) return isAliveOn(before.low) ? 'R3' : 'R4';
  if (effect.found.is === 'ended') return 'R1';
  const end = [...before.because, before].find(({ low, effect: { leaves } }) => {
    return leaves !== undefined && !isAliveOn(low);
  });
  if (end !== undefined && isAliveOn(high)) return opOf(end) === 'rotate' ? 'R5' : 'R4';
  return effect.leaves ? 'R2' : 'R9';
}

/** What was found had been made by somebody, and before. */
function origins(
  id: string,
  visits: readonly Visit[],
  operations: readonly Operation[],
  { tolerance }: SearchContext,
): Contradiction[] {
  const makers = new Map<number, Visit>();
  for (const visit of visits) {
    if (visit.effect.leaves && visit.because.length === 0) makers.set(visit.low, visit);
  }
  const mayHaveWritten = operations.some((each) => !each.isCertain && !mayEnd(id, each));
  const mayHaveEnded = operations.some((each) => mayEnd(id, each));
  return visits.flatMap((visit): Contradiction[] => {
    const { exact, operation, effect } = visit;
    if (exact === undefined || exact === 0) return [];
    const maker = makers.get(exact);
    if (maker !== undefined) {
      if (maker.operation.from <= operation.until + tolerance) return [];
      const what = `found ${nameOf(exact)} before it was made`;
      return [{ rule: 'R9', what, visits: [maker, visit] }];
    }
    if (isAliveOn(exact) ? mayHaveWritten : mayHaveEnded || isExpiry(visit)) return [];
    const isCounted = effect.leaves !== undefined || opOf(visit) === 'touch';
    const what = `found ${nameOf(exact)}, which nobody had made`;
    return [{ rule: isAliveOn(exact) && isCounted ? 'R1' : 'R9', what, visits: [visit] }];
  });
}

function isExpiry({ operation }: Visit): boolean {
  const { outcome } = operation.event;
  return outcome?.kind === 'error' && outcome.reason === 'expired';
}

/** One life ends once; and what comes after it is a new life, or nothing. */
function ends(
  id: string,
  visits: readonly Visit[],
  operations: readonly Operation[],
  context: SearchContext,
): Contradiction[] {
  const isRenewed = operations.some(({ event, steps }) => {
    return event.input.replaceEnded && steps.flat().some(({ leaves }) => leaves !== undefined);
  });
  if (isRenewed) return [];
  const enders = visits.filter((visit) => {
    return mayEnd(id, visit.operation) && visit.effect.found.is === 'alive';
  });
  const rule = enders.some((end) => opOf(end) === 'rotate') ? 'R5' : 'R4';
  return enders.flatMap((end): Contradiction[] => {
    const again = visits.find(({ operation, effect, exact = 0 }) => {
      if (operation === end.operation || effect.found.is !== 'alive') return false;
      const isLater = opOf(end) === 'rotate' && exact > end.low;
      return isLater || mayEnd(id, operation) || precedes(end.operation, operation, context);
    });
    return again
      ? [
          {
            rule,
            what: 'a session was there that had ended and that nobody had renewed',
            visits: [end, again],
          },
        ]
      : [];
  });
}

function opOf({ operation }: Visit): string {
  return operation.event.op;
}

function nameOf(rung: number): string {
  if (rung === 0) return 'no session';
  return `${isAliveOn(rung) ? 'version' : 'an end at version'} ${Math.floor(rung / 2)}`;
}
