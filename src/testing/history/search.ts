/**
 * Is there one order of all operations that explains every outcome? The search of Wing and Gong, with the memory of Lowe:
 * of the operations that may come next it takes one that fits, and goes back when none does.
 *
 * Versions make it fast. An operation that fits and changes nothing may as well come now, so it is never a choice; and
 * which write comes next is mostly told by the version that it returned.
 * https://doi.org/10.1006/jpdc.1993.1015, https://doi.org/10.1002/cpe.3928
 */

import type { Milliseconds } from '../../session.js';
import type { Evidence } from './evidence.js';
import { isLoad, type Effect, type Operation, type Standing, type Step } from './operations.js';

/** What the search has to know. */
export interface SearchContext {
  readonly evidence: Evidence;
  readonly tolerance: Milliseconds;
  /** Whether loads may lag behind what other clients do. */
  readonly loadsLag: boolean;
}

type Standings = ReadonlyMap<string, Standing>;

interface Choice {
  readonly index: number;
  readonly standings: Standings;
}

interface Frame {
  readonly choices: Choice[];
  /** What was put into the order since the frame before. */
  readonly taken: number[];
}

/** Histories on which more is tried than this have too many operations without outcome. */
const mostSteps = 30_000;

/**
 * @returns whether there is such an order
 * @throws RangeError after so many steps
 */
export function search(
  operations: readonly Operation[],
  context: SearchContext,
  limit: number = mostSteps,
): boolean {
  return new Search(operations, context).run(limit);
}

class Search {
  readonly #operations: readonly Operation[];
  readonly #context: SearchContext;
  readonly #done: Uint8Array;
  readonly #seen = new Set<string>();
  #left: number;
  /** No operation before this one is left. */
  #first = 0;

  constructor(operations: readonly Operation[], context: SearchContext) {
    this.#operations = operations.toSorted(
      (one, other) => one.from - other.from || one.event.invoked.tick - other.event.invoked.tick,
    );
    this.#context = context;
    this.#done = new Uint8Array(operations.length);
    this.#left = operations.filter(({ isCertain }) => isCertain).length;
  }

  run(limit: number): boolean {
    const frames = [this.#expand(new Map())];
    for (let steps = 0; ; steps++) {
      if (this.#left === 0) return true;
      if (steps > limit)
        throw new RangeError('Too many operations without an outcome to find an order in time.');
      const frame = frames.at(-1);
      if (frame === undefined) return false;
      const choice = frame.choices.pop();
      if (choice === undefined) {
        for (const index of frame.taken) this.#take(index, 0);
        frames.pop();
        continue;
      }
      this.#take(choice.index, 1);
      const next = this.#expand(choice.standings);
      next.taken.push(choice.index);
      frames.push(next);
    }
  }

  #take(index: number, done: 0 | 1): void {
    this.#done[index] = done;
    if (!done) this.#first = Math.min(this.#first, index);
    if (this.#operations[index]!.isCertain) this.#left += done ? -1 : 1;
  }

  /** Takes whatever fits and changes nothing; what is left to choose from changes something. */
  #expand(standings: Standings): Frame {
    const taken: number[] = [];
    for (;;) {
      const choices: Choice[] = [];
      let hasTaken = false;
      for (const index of this.#enabled()) {
        const operation = this.#operations[index]!;
        const outcomes = operation.steps.flatMap((step) => this.#after(operation, step, standings));
        if (isNeutral(operation) && outcomes.includes(standings)) {
          this.#take(index, 1);
          taken.push(index);
          hasTaken = true;
          continue;
        }
        for (const after of outcomes) choices.push({ index, standings: after });
      }
      if (hasTaken) continue;
      // Last in, first out: what is certain is tried before what is not.
      choices.sort((one, other) => this.#rank(one) - this.#rank(other));
      return { choices: this.#isNew(standings, choices.length) ? choices : [], taken };
    }
  }

  #rank({ index }: Choice): number {
    return Number(this.#operations[index]!.isCertain);
  }

  /** Has the same been tried from here? Remembered only where there was a choice. */
  #isNew(standings: Standings, choices: number): boolean {
    if (choices < 2) return true;
    let key = JSON.stringify([...standings].sort(([one], [other]) => (one < other ? -1 : 1)));
    for (let at = 0; at < this.#done.length; at += 15) {
      let bits = 0;
      for (const done of this.#done.subarray(at, at + 15)) bits = bits * 2 + done;
      key += String.fromCharCode(bits);
    }
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  /** The operations that nothing undone has to come before. */
  *#enabled(): Generator<number> {
    const { tolerance, loadsLag } = this.#context;
    let firstEnd = Infinity;
    const firstEnds = new Map<string, number>();
    while (this.#done[this.#first]) this.#first++;
    for (let index = this.#first; index < this.#operations.length; index++) {
      if (this.#done[index]) continue;
      const operation = this.#operations[index]!;
      const { event, from, until, isCertain } = operation;
      if (!loadsLag && from > firstEnd + tolerance) return;
      const lags = loadsLag && isLoad(event);
      const isFirst = lags || from <= firstEnd + tolerance;
      const own = firstEnds.get(event.client) ?? Infinity;
      if (isFirst && event.invoked.tick <= own && (isCertain || this.#isInTime(operation)))
        yield index;
      if (!isCertain) continue;
      firstEnd = Math.min(firstEnd, until);
      firstEnds.set(event.client, Math.min(own, event.returned!.tick));
    }
  }

  /** Not when something that began after it had ended is already in the order. */
  #isInTime({ until }: Operation): boolean {
    if (until === Infinity) return true;
    return !this.#operations.some(
      ({ from }, index) => this.#done[index] && from > until + this.#context.tolerance,
    );
  }

  /** The standings after a step, in a list; the same map when it changes nothing; none when it does not fit. */
  #after(operation: Operation, step: Step, standings: Standings): Standings[] {
    let after = standings;
    let moved = 0;
    for (const [place, effect] of step.entries()) {
      const before = after.get(effect.id);
      const found = this.#found(operation, effect, before);
      if (found === 'something else') return [];
      if (place === 0) moved = found?.version ?? 0;
      // A load reads first and looks at the clock later, so that it found a session expired changes nothing.
      const left = effect.leaves?.(found, moved) ?? (isLoad(operation.event) ? before : found);
      if (isSame(left, before)) continue;
      if (!this.#mayLeave(operation, effect, found, left)) return [];
      after = new Map(after).set(effect.id, left);
    }
    return [after];
  }

  /** The standing that an effect is right about; a session may have expired meanwhile. */
  #found(
    { event }: Operation,
    { id, found }: Effect,
    standing: Standing,
  ): Standing | 'something else' {
    if (fits(standing, found)) return standing;
    if (!standing?.alive) return 'something else';
    const { version } = standing;
    const { evidence, tolerance } = this.#context;
    const expiry = evidence.expiryOf(id, version);
    const now = event.returned?.clock ?? Infinity;
    if (expiry === Infinity || now + tolerance < expiry) return 'something else';
    const expired = { alive: false, version, successor: null };
    return fits(expired, found) ? expired : 'something else';
  }

  /** What could not be explained any more, whatever comes later, need not be tried. */
  #mayLeave(
    { event, isCertain }: Operation,
    { id }: Effect,
    found: Standing,
    left: Standing,
  ): boolean {
    const { evidence } = this.#context;
    const { alive, version } = left!;
    const next = evidence.writerOf(id, version + 1);
    if (!alive) return next === undefined || next.event.op === 'create';
    if (isCertain) return true;
    if (evidence.writerOf(id, version) !== undefined) return false;
    // A version that nobody saw matters only if a later one was seen, or the session was not there before.
    if (found?.alive && version > evidence.highestOf(id)) return false;
    const seen = evidence.dataOf(id, version);
    const before = evidence.dataOf(id, version - 1);
    const { data, saw, runs = 1 } = event.input;
    if (event.op === 'update' && runs !== 1) return true;
    return mayBe(data, seen) && mayBe(saw, before);
  }
}

/** Whether an operation only looks, so that nothing depends on when it comes. */
function isNeutral({ isCertain, steps }: Operation): boolean {
  return isCertain && steps.every((step) => step.every(({ leaves }) => leaves === undefined));
}

function mayBe(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

function fits(standing: Standing, { is, version, successor }: Effect['found']): boolean {
  switch (is) {
    case 'anything':
      return true;
    case 'absent':
      return standing === undefined;
    case 'present':
      return standing !== undefined;
    case 'gone':
      return !standing?.alive;
    case 'alive':
    case 'ended':
      if (standing?.alive !== (is === 'alive')) return false;
      if (version !== undefined && version !== standing.version) return false;
      return is === 'alive' || successor === undefined || successor === standing.successor;
  }
}

function isSame(one: Standing, other: Standing): boolean {
  return (
    one?.alive === other?.alive &&
    one?.version === other?.version &&
    one?.successor === other?.successor
  );
}
