/** What the conformance kit is given: a test runner, and places to keep sessions in. */

import type { Backend } from '../backend.js';

/** What the kit asks of an assertion: two matchers of the Jest kind. */
export interface Expectation {
  /** The same value, by `Object.is`. */
  toBe(expected: unknown): unknown;
  /** The same structure, deeply. */
  toEqual(expected: unknown): unknown;
}

/** A test runner: vitest, Jest, Bun or `node:test` with a small `expect`; see {@link conformance}. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: () => Promise<void>) => unknown;
  readonly expect: (actual: unknown) => Expectation;
}

/**
 * What is wrong with a value that lies where a session should.
 * - `foreign`: something that was never a session, as another script of the origin may leave it.
 * - `cut`: a session of which a part is missing.
 * - `polluting`: a session that was tampered with to reach `Object.prototype` of whoever reads it.
 */
export type Damage = 'foreign' | 'cut' | 'polluting';

/** Reads the value that was planted, by the platform's own means. */
export type ReadRaw = () => Promise<unknown>;

/**
 * Somewhere to keep sessions, empty at first: a database, an origin, a folder. There is one at a time: it is disposed of
 * before the next one is made.
 */
export interface Place {
  /**
   * A new backend object over this place, not yet open, as another tab would make it. For a backend that only its own
   * tab sees (`shared: 'tab'`) the kit opens the first one again for each store of a test.
   */
  backend(): Backend;
  /**
   * Puts a damaged value under a session id, past the backend. Due wherever records outlive the tab.
   *
   * @param name - the namespace
   * @returns reads the raw value back, so that the kit can see that it was left alone
   */
  plant?(name: string, id: string, damage: Damage): Promise<ReadRaw>;
  /**
   * Takes a whole namespace away, past the backend and under the eyes of its tabs, as a browser does that makes room.
   * Absent: nobody can.
   */
  wipe?(name: string): Promise<void>;
  /** Lets every tab see what was committed, where the views of tabs lag behind. Absent: they never do. */
  catchUp?(): Promise<void>;
  /** Throws the place away. Every store of it is closed by then. */
  dispose(): Promise<void> | void;
}

/** Makes a fresh {@link Place}; called for every test. */
export type PlaceFactory = () => Place | Promise<Place>;

/** Cases that a backend is known to fail, and why. */
export interface ConformanceException {
  readonly reason: string;
  /** Full titles. A case that passes after all, or that there is not, fails the kit. */
  readonly cases: readonly string[];
}

/** Options of {@link conformance}. */
export interface ConformanceOptions {
  /** What the group of tests is called; default: the backend's name. */
  readonly title?: string | undefined;
  readonly exceptions?: readonly ConformanceException[] | undefined;
}
