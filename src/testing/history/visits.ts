/**
 * The life of an id is a ladder that is only ever climbed: absent, alive at version 1, ended at version 1, alive at version
 * 2, and so on; most lives leave rungs out. A visit says on which rung an operation found the id, and on which it left it.
 */

import type { Milliseconds } from '../../session.js';
import { isLoad, type Effect, type Operation } from './operations.js';
import type { SearchContext } from './search.js';

/** One operation on one id. */
export interface Visit {
  readonly operation: Operation;
  readonly effect: Effect;
  /** The rung on which it found the id, where that is known. */
  readonly exact: number | undefined;
  /** The highest rung on which it may have found it. */
  readonly high: number;
  /** The lowest rung on which it may have left it. */
  readonly low: number;
  /** Why it is as low as this: those who were there before. */
  readonly because: readonly Visit[];
  /** Of all that ended before it began, the one that left the id highest. */
  readonly before: Visit | undefined;
}

const rungOf = (isAlive: boolean, version: number): number => 2 * version + (isAlive ? 0 : 1);

export const isAliveOn = (rung: number): boolean => rung > 0 && rung % 2 === 0;

/** Whether an operation had returned before another one began, so that it comes first in every order. */
export function precedes(
  one: Operation,
  other: Operation,
  { tolerance, loadsLag }: Pick<SearchContext, 'tolerance' | 'loadsLag'>,
): boolean {
  const { returned, client } = one.event;
  if (!one.isCertain || returned === null) return false;
  if (client === other.event.client) return returned.tick < other.event.invoked.tick;
  return !(loadsLag && isLoad(other.event)) && one.until + tolerance < other.from;
}

/** What is done on an id, by those who know what they did, in the order in which it was begun. */
export function visitsOf(
  id: string,
  operations: readonly Operation[],
  context: SearchContext,
): Visit[] {
  const certain = operations.filter(({ isCertain }) => isCertain);
  const enders = operations.filter((operation) => mayEnd(id, operation));
  const visits: Visit[] = [];
  const inOrder = certain.toSorted(
    (one, other) => one.from - other.from || one.event.invoked.tick - other.event.invoked.tick,
  );
  for (const operation of inOrder) {
    const effect = operation.steps.flat().find((each) => each.id === id);
    if (effect === undefined) continue;
    let before: Visit | undefined;
    for (const other of visits) {
      const isHigher = before === undefined || other.low > before.low;
      if (isHigher && precedes(other.operation, operation, context)) before = other;
    }
    const isOver = mayBeOver(id, operation, enders, context);
    visits.push(visitOf(operation, effect, before, isOver));
  }
  return visits;
}

function visitOf(
  operation: Operation,
  effect: Effect,
  before: Visit | undefined,
  isOver: boolean,
): Visit {
  const { is, version } = effect.found;
  const floor = before?.low ?? 0;
  const known = is === 'alive' || is === 'ended' ? version : undefined;
  const exact =
    is === 'absent' ? 0 : known === undefined ? undefined : rungOf(is === 'alive', known);
  const high = exact ?? (is === 'gone' && !isOver ? 0 : Infinity);
  const common = { operation, effect, exact, high, before };
  const own = leftBy(effect, exact);
  if (own !== undefined && own >= floor) return { ...common, low: own, because: [] };
  const low = lowest(effect, Math.max(floor, is === 'gone' || is === 'anything' ? 0 : 2));
  return { ...common, low, because: before ? [...before.because, before] : [] };
}

/** The rung that the operation itself tells of. */
function leftBy({ leaves }: Effect, exact: number | undefined): number | undefined {
  if (exact === undefined) return undefined;
  if (!leaves) return exact;
  const version = Math.floor(exact / 2);
  const found = exact === 0 ? undefined : { alive: isAliveOn(exact), version, successor: null };
  const left = leaves(found, version);
  return left && rungOf(left.alive, left.version);
}

/** The next rung from a floor on that agrees with what was found and left. */
function lowest({ found, leaves }: Effect, floor: number): number {
  switch (found.is) {
    case 'alive':
      return floor + (floor % 2) + (leaves ? 1 : 0);
    case 'ended':
    case 'gone':
      return floor === 0 ? 0 : floor + 1 - (floor % 2);
    case 'anything':
      return isAliveOn(floor) && leaves ? floor + 1 : floor;
    default:
      return floor;
  }
}

/** Whether an operation ends a session of that id, or may have. */
export function mayEnd(id: string, { event, steps }: Operation): boolean {
  const concerns = steps.flat().some((each) => each.id === id && each.leaves);
  return concerns && (event.op === 'rotate' ? event.id === id : ending.includes(event.op));
}

const ending: readonly string[] = ['delete', 'endAll', 'clear'];

/** Whether an id may have ended, or expired, before an operation returned. */
function mayBeOver(
  id: string,
  operation: Operation,
  enders: readonly Operation[],
  { evidence, tolerance }: SearchContext,
): boolean {
  const begun = (from: Milliseconds): boolean => from <= operation.until + tolerance;
  const isMortal = evidence.sightings.some((seen) => {
    return seen.id === id && evidence.expiryOf(id, seen.version) < Infinity;
  });
  return isMortal || enders.some((each) => each !== operation && begun(each.from));
}
