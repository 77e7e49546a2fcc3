/** What all outcomes of a history together say about each version of each session. */

import type { HistoryEvent, HistorySession } from './history.js';
import { sessionOf, type Operation } from './operations.js';
import type { EpochMilliseconds } from '../../session.js';

/** One version of one id, as somebody saw it. */
export interface Sighting {
  readonly id: string;
  readonly version: number;
  readonly data: string;
  readonly event: HistoryEvent;
}

/** A version number is given out once, so whoever saw a version has seen the same as everybody else who did. */
export class Evidence {
  /** All that was seen, in the order of the events. */
  readonly sightings: readonly Sighting[];
  readonly #data = new Map<string, string>();
  readonly #writers = new Map<string, Operation>();
  readonly #expiries = new Map<string, EpochMilliseconds>();
  readonly #highest = new Map<string, number>();
  readonly #mortal: boolean;

  constructor(operations: readonly Operation[]) {
    const events = new Set(operations.map(({ event }) => event));
    this.sightings = [...events].flatMap(sightingsOf);
    for (const { id, version, data } of this.sightings) {
      const key = keyOf(id, version);
      if (!this.#data.has(key)) this.#data.set(key, data);
      this.#note(id, version);
    }
    for (const operation of operations) {
      const { event } = operation;
      const written = writtenBy(event);
      if (written && operation.isCertain)
        this.#writers.set(keyOf(written.id, written.version), operation);
      const found = operation.isCertain ? operation.steps.flat() : [];
      for (const effect of found) this.#note(effect.id, effect.found.version ?? 0);
    }
    const sessions = [...events].map(sessionOf).filter((session) => session !== undefined);
    for (const { id, version, expiresAt } of sessions) {
      const key = keyOf(id, version);
      const earliest = Math.min(expiresAt ?? Infinity, this.#expiries.get(key) ?? Infinity);
      this.#expiries.set(key, earliest);
    }
    this.#mortal = sessions.some(({ expiresAt }) => expiresAt !== null);
  }

  /** What a version holds; `undefined` where nobody saw it. */
  dataOf(id: string, version: number): string | undefined {
    return this.#data.get(keyOf(id, version));
  }

  /** Who made a version, if it was told. */
  writerOf(id: string, version: number): Operation | undefined {
    return this.#writers.get(keyOf(id, version));
  }

  /** The highest version of an id that anybody saw. */
  highestOf(id: string): number {
    return this.#highest.get(id) ?? 0;
  }

  /** The earliest moment at which a version may have expired. */
  expiryOf(id: string, version: number): EpochMilliseconds {
    return this.#expiries.get(keyOf(id, version)) ?? (this.#mortal ? -Infinity : Infinity);
  }

  #note(id: string, version: number): void {
    this.#highest.set(id, Math.max(version, this.highestOf(id)));
  }
}

/** The version that an operation says it has made. */
export function writtenBy(event: HistoryEvent): HistorySession | undefined {
  return event.op === 'load' || event.op === 'touch' ? undefined : sessionOf(event);
}

function sightingsOf(event: HistoryEvent): Sighting[] {
  const { id, input, outcome } = event;
  const found: Sighting[] = [];
  const session = sessionOf(event);
  if (session) {
    const { version } = session;
    if (input.saw !== undefined) found.push({ id, version: version - 1, data: input.saw, event });
    found.push({ ...session, event });
  }
  if (outcome?.kind === 'error' && outcome.current) found.push({ ...outcome.current, event });
  return found;
}

function keyOf(id: string, version: number): string {
  return `${version} ${id}`;
}
