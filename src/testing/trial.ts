/** What one case of the kit works with. */

import type { Backend, BackendContext, Capabilities } from '../backend.js';
import { nextTurn } from '../environment.js';
import type { ErrorContext } from '../ports.js';
import type { OpenStoreOptions, SessionStore } from '../session.js';
import { openStore } from '../store.js';
import { fakeClock, type FakeClock } from './fake-clock.js';
import type { Expectation, Place, PlaceFactory, TestRunner } from './runner.js';
import { simulatedTabs, type SimulatedTabs } from './simulated-tabs.js';

/** A failure that a store told `onError` of. */
export interface Reported {
  readonly error: unknown;
  readonly context: ErrorContext;
}

/** The namespace of a case that does not name another. */
export const namespace = 'conformance';

// Each turn lets the backend go one step further; the slowest needs a few dozen.
const mostTurns = 500;

/** Adds a case to the kit. Its title begins with the number of the rule that it proves. */
export type Define = (title: string, run: (trial: Trial) => Promise<void>) => void;

export class Trial {
  readonly expect: (actual: unknown) => Expectation;
  readonly capabilities: Capabilities;
  readonly clock: FakeClock = fakeClock();
  readonly tabs: SimulatedTabs = simulatedTabs();
  readonly #factory: PlaceFactory;
  #place: Place;
  #open: (() => Promise<void>)[] = [];
  #reported: Reported[] = [];
  #only: Backend | undefined;
  /** The namespaces that one more tab has open. */
  readonly #kept = new Set<string>();

  private constructor(
    runner: TestRunner,
    factory: PlaceFactory,
    place: Place,
    known: Capabilities,
  ) {
    this.expect = runner.expect;
    this.capabilities = known;
    this.#factory = factory;
    this.#place = place;
  }

  /** Runs one case on a place of its own, and throws the place away. */
  static async run(
    runner: TestRunner,
    factory: PlaceFactory,
    body: (trial: Trial) => Promise<void>,
  ): Promise<void> {
    const known = await capabilitiesOf(factory);
    const trial = new Trial(runner, factory, await factory(), known);
    try {
      await body(trial);
      await trial.#close();
      // R15: whatever a case did not provoke on purpose is a failure of its own.
      trial.expect(trial.reported().map(({ error }) => String(error))).toEqual([]);
    } finally {
      await trial.#close();
      await trial.place.dispose();
    }
  }

  get place(): Place {
    return this.#place;
  }

  /** Whether a second tab sees none of what the first one stores. */
  get isAlone(): boolean {
    return this.capabilities.shared === 'tab';
  }

  /** A backend as the next tab would make it; of a kind that tabs do not share there is one for all. */
  backend(): Backend {
    if (!this.isAlone) return this.place.backend();
    this.#only ??= this.place.backend();
    return this.#only;
  }

  /** The next tab's store. */
  async store<Data = unknown>(
    options: Partial<OpenStoreOptions<Data>> = {},
  ): Promise<SessionStore<Data>> {
    await this.#keepOneOpen(options.name ?? namespace);
    const store = await openStore<Data>({
      name: namespace,
      backend: options.backend ?? this.backend(),
      clock: this.clock,
      sync: this.tabs.tab(),
      onError: (error, context) => this.#reported.push({ error, context }),
      ...options,
    });
    this.#open.push(() => store.close());
    return store;
  }

  /** The stores of two tabs. */
  async twoStores<Data = unknown>(
    options: Partial<OpenStoreOptions<Data>> = {},
  ): Promise<[SessionStore<Data>, SessionStore<Data>]> {
    return [await this.store(options), await this.store(options)];
  }

  /**
   * Two stores between which every write is atomic: those of two tabs; of a backend that is atomic within its own tab
   * only, twice the same.
   */
  async twoWriters<Data = unknown>(
    options: Partial<OpenStoreOptions<Data>> = {},
  ): Promise<[SessionStore<Data>, SessionStore<Data>]> {
    const first = await this.store(options);
    return [first, this.capabilities.atomic ? await this.store(options) : first];
  }

  /** The next tab's backend without a store. */
  async opened(backend: Backend = this.backend(), name: string = namespace): Promise<Backend> {
    await this.#keepOneOpen(name);
    await backend.open(this.context(name));
    this.#open.push(() => backend.close());
    return backend;
  }

  /** The backend after a restart: a new object, unless nothing but the old one has the records. */
  async restarted(backend: Backend): Promise<Backend> {
    await this.catchUp();
    return this.isAlone && !this.capabilities.persistent ? backend : this.place.backend();
  }

  /** Two backends between which every transaction is atomic; see {@link twoWriters}. */
  async twoBackends(): Promise<[Backend, Backend]> {
    const first = await this.opened();
    return [first, this.capabilities.atomic ? await this.opened() : first];
  }

  context(name: string = namespace): BackendContext {
    return {
      name,
      now: () => this.clock.now(),
      onError: (error, context) => this.#reported.push({ error, context }),
      onChange: () => {},
      onReset: () => {},
    };
  }

  /** Throws the place away, and goes on in the next one. */
  async moveOn(): Promise<void> {
    await this.#close();
    await this.place.dispose();
    this.#only = undefined;
    this.#place = await this.#factory();
    this.#kept.clear();
  }

  /** What was reported to `onError` since this was last asked. */
  reported(): Reported[] {
    const reported = this.#reported;
    this.#reported = [];
    return reported;
  }

  get hasReported(): boolean {
    return this.#reported.length > 0;
  }

  /** Lets every tab see what was committed. */
  async catchUp(): Promise<void> {
    await this.place.catchUp?.();
  }

  /** Waits for work in the background: turn by turn, and never for a time. @throws Error when it does not come about */
  async until(what: string, condition: () => boolean): Promise<void> {
    for (let turn = 0; turn < mostTurns; turn++) {
      if (condition()) return;
      await this.catchUp();
      // A store looks again a little later for what its own view did not show yet.
      if (this.place.catchUp !== undefined) await this.clock.advance(1);
      await nextTurn();
    }
    throw new Error(`It never came about that ${what}.`);
  }

  /** Looks again and again while `work` goes on, and once more when it has ended. */
  async during(work: Promise<unknown>, look: () => Promise<void>): Promise<void> {
    const state = { isOver: false };
    const ending = work.finally(() => {
      state.isOver = true;
    });
    for (let looks = 1; !state.isOver; looks++) {
      await look();
      // Now and then a whole turn, or looking alone would keep the work from going on.
      if (looks % 8 === 0) await nextTurn();
    }
    await ending;
    await this.catchUp();
    await look();
  }

  /** What tabs share, and what does not outlive the last of them, is there as long as one more tab has it open. */
  async #keepOneOpen(name: string): Promise<void> {
    if (this.isAlone || this.capabilities.persistent || this.#kept.has(name)) return;
    this.#kept.add(name);
    await this.opened(this.place.backend(), name);
  }

  /** Lets background work that should do nothing do it. */
  async idle(): Promise<void> {
    await this.catchUp();
    for (let turn = 0; turn < 20; turn++) await nextTurn();
  }

  async #close(): Promise<void> {
    const open = this.#open.reverse();
    this.#open = [];
    for (const close of open) await close();
  }
}

/** What the backend can do, as it says once it is open. */
async function capabilitiesOf(factory: PlaceFactory): Promise<Capabilities> {
  let known = knownCapabilities.get(factory);
  if (known === undefined) {
    const place = await factory();
    const backend = place.backend();
    const clock = fakeClock();
    await backend.open({
      name: namespace,
      now: () => clock.now(),
      onError: () => {},
      onChange: () => {},
      onReset: () => {},
    });
    known = backend.capabilities;
    await backend.close();
    await place.dispose();
    knownCapabilities.set(factory, known);
  }
  return known;
}

const knownCapabilities = new WeakMap<PlaceFactory, Capabilities>();
