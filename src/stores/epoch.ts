/**
 * R16: a store bears a random id, its epoch, so that one that was wiped is told from one that was always empty. What a tab
 * has seen it remembers; from one visit to the next a witness does, which lies in another storage.
 */

import type { StoreReset } from '../backend.js';
import { generateSessionId } from '../session-id.js';

/** What a store says of itself. */
export interface Epoch {
  readonly id: string;
  /** Stores that were lost before it, and that this was told of. */
  readonly told: readonly string[];
}

/** Remembers an epoch in another storage. Never throws: where it cannot, it remembers nothing. */
export interface Witness {
  read(): string | undefined | Promise<string | undefined>;
  write(id: string): unknown;
}

// A witness that is older than that has been lost and found again by a browser for months.
const mostTold = 16;

export function newEpoch(): Epoch {
  return { id: generateSessionId(), told: [] };
}

/** @returns `undefined` for what is no epoch: any script of the origin may have written it */
export function parseEpoch(value: unknown): Epoch | undefined {
  const { id, told } = Object(value) as Record<keyof Epoch, unknown>;
  return typeof id === 'string' && Array.isArray(told) ? { id, told } : undefined;
}

/** What one tab knows of a store. */
export class EpochWatch {
  readonly #tell: (reset: StoreReset) => void;
  #known: string | undefined;

  constructor(tell: (reset: StoreReset) => void) {
    this.#tell = tell;
  }

  /** The store that this tab has met last. */
  get known(): string | undefined {
    return this.#known;
  }

  /** What was told of under a name that was never stored is met under another. */
  rename(from: string, to: string): void {
    if (this.#known === from) this.#known = to;
  }

  /**
   * Meets the store that there is now, and tells if the one before is lost: in each tab that has known it; and in a tab that
   * has only the word of a witness, unless that was told before. A browser that is killed may bring an old witness back.
   *
   * @returns what the store is to say from now on, if that is something new
   */
  meet({ id, told }: Epoch, witnessed?: string): Epoch | undefined {
    const known = this.#known ?? id;
    this.#known = id;
    const lost = known === id && !told.includes(witnessed ?? id) ? (witnessed ?? id) : known;
    if (lost === id) return undefined;
    this.#tell({ epoch: id, previous: lost });
    return { id, told: [...told.filter((one) => one !== lost), lost].slice(-mostTold) };
  }
}
