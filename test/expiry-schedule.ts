/** Tabs that work on sessions of every span of life while their clocks jump, watched by a model of R6. */

import type { Backend } from '../src/backend.js';
import { isSessionError } from '../src/errors.js';
import type { LiveSession, Session, SessionStore, Ttl } from '../src/session.js';
import { openStore } from '../src/store.js';
import { randomFrom } from '../src/testing/random.js';
import { simulatedTabs } from '../src/testing/simulated-tabs.js';
import { ExpiryModel } from './expiry-model.js';
import { diceOf, type Dice } from './random-work.js';
import { SteppedClock } from './stepped-clock.js';

const start = Date.UTC(2026, 0, 1);
const borders = [1, 2, 10, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 53 - 1];
const owners = ['ann', 'bob'];

interface Tab {
  readonly store: SessionStore<number>;
  readonly clock: SteppedClock;
  readonly views: LiveSession<number>[];
}

export interface ScheduleOptions {
  /** One backend a tab. */
  readonly backends: readonly Backend[];
  /** Lets what is under way come to rest. */
  readonly settle: () => Promise<void>;
}

export class ExpirySchedule {
  readonly dice: Dice;
  readonly #model = new ExpiryModel();
  readonly #tabs: Tab[] = [];
  readonly #settle: () => Promise<void>;
  readonly #errors: unknown[] = [];
  #ids = ['a', 'b', 'c'];
  #reads = 0;
  #begun = 0;

  constructor(seed: number, settle: () => Promise<void>) {
    this.dice = diceOf(randomFrom(seed));
    this.#settle = settle;
  }

  /** @returns how many sessions were read */
  static async run(seed: number, steps: number, options: ScheduleOptions): Promise<number> {
    const schedule = new ExpirySchedule(seed, options.settle);
    await schedule.#open(options.backends);
    for (let step = 0; step < steps; step++) {
      await schedule.#write(schedule.dice.pick(schedule.#tabs));
      await schedule.#rest();
      schedule.#jump();
      await schedule.#rest();
      await schedule.#look(schedule.dice.pick(schedule.#tabs));
    }
    await Promise.all(schedule.#tabs.map(({ store }) => store.close()));
    agree('failures', schedule.#errors.map(String), []);
    return schedule.#reads;
  }

  async #open(backends: readonly Backend[]): Promise<void> {
    const skew = this.dice.pick([0, 0, 1000, 2 ** 32]);
    const clocks = backends.map((_, index) => new SteppedClock(start + index * skew));
    // Messages come at the next rest: what a tab is told late, it knows late.
    const faults = { seed: 1, lost: 0, doubled: 0, latest: 0, clock: clocks[0]! };
    const channel = simulatedTabs({ faults });
    for (const [index, backend] of backends.entries()) {
      const clock = clocks[index]!;
      const store = await openStore<number>({
        name: 'shop',
        backend,
        clock,
        sync: channel.tab(),
        generateId: () => `begun ${++this.#begun}`,
        onError: (error) => this.#errors.push(error),
      });
      this.#tabs.push({ store, clock, views: [] });
    }
  }

  async #rest(): Promise<void> {
    for (let i = 0; i < 2; i++) {
      await this.#settle();
      for (const { clock } of this.#tabs) clock.step(0);
    }
    await this.#settle();
  }

  #span(): number {
    const { roll, pick } = this.dice;
    return roll(3) === 0 ? pick(borders) : 1 + roll(2 ** roll(40));
  }

  #ttl(): Ttl {
    const limit = (): number | null => (this.dice.roll(3) === 0 ? null : this.#span());
    return { idle: limit(), absolute: limit() };
  }

  /** Every clock by the same: to the very end of a session, just before it, or anywhere, back as well. */
  #jump(): void {
    const { roll, pick } = this.dice;
    const { clock } = pick(this.#tabs);
    const ends = [...this.#model.sessions.values()]
      .map(({ end }) => end)
      .filter((end) => end < 2 ** 50);
    const isToEnd = ends.length > 0 && roll(3) > 0;
    const by = isToEnd ? pick(ends) - roll(2) - clock.now() : pick([1, 1, -1]) * this.#span();
    const latest = Math.max(...this.#tabs.map((tab) => tab.clock.now()));
    if (latest + by > 2 ** 52 || clock.now() + by < 1) return;
    const isSet = by < 0 || roll(3) === 0;
    for (const tab of this.#tabs) tab.clock.step(by, isSet);
  }

  async #write({ store, clock, views }: Tab): Promise<void> {
    const { roll, pick } = this.dice;
    const now = clock.now();
    const model = this.#model;
    const id = pick(this.#ids);
    const owner = pick(owners);
    const ttl = this.#ttl();
    const lived = model.lives(id, now);
    const accepted = async (
      writing: Promise<Session<number> | undefined>,
      note: () => void,
    ): Promise<void> => {
      const session = await writing;
      note();
      agree('misdated', session && model.misdated(session), undefined);
    };
    const work: readonly (() => Promise<unknown>)[] = [
      () =>
        accepted(store.create(0, { id, owner, ttl, replaceEnded: true }), () =>
          model.write(id, now, ttl, owner),
        ),
      () => accepted(store.create(0, { id, owner, ttl }), () => model.write(id, now, ttl, owner)),
      () => accepted(store.save(id, 1), () => model.write(id, now)),
      () => accepted(store.save(id, 1, { ttl }), () => model.write(id, now, ttl)),
      () =>
        accepted(
          store.update(id, (count) => (agree('update', lived, true), count + 1)),
          () => model.write(id, now),
        ),
      () => accepted(store.touch(id), () => lived && model.touch(id, now)),
      () => accepted(store.touch(id), () => lived && model.touch(id, now)),
      async () => {
        const successor = `${id}'`;
        await accepted(store.rotate(id, { id: successor }), () => model.rotate(id, successor, now));
        this.#ids = [...new Set([...this.#ids, successor])];
      },
      async () => {
        agree('delete', await store.delete(id), lived);
        if (lived) model.sessions.delete(id);
      },
      async () => {
        const theirs = model.living(now, owner);
        agree('endAll', await store.endAll(owner), theirs.length);
        for (const each of theirs) model.sessions.delete(each);
      },
      () => this.#sweep(),
      async () => {
        const view = await store.open(id);
        agree('open', view !== undefined, lived);
        if (view !== undefined) views.push(view);
        if (roll(2) === 0) views.shift()?.close();
      },
    ];
    try {
      await pick(work)();
    } catch (error) {
      if (!isSessionError(error)) throw error;
      // Refused: an end that was noticed changes nothing that lives.
      agree(error.code, model.lives(id, now), lived);
    }
  }

  /** Of two sweeps at once, by different clocks, neither removes what lives by its own; each session ends once. */
  async #sweep(): Promise<void> {
    const { pick } = this.dice;
    const sweepers = [pick(this.#tabs), pick(this.#tabs)];
    const latest = Math.max(...sweepers.map(({ clock }) => clock.now()));
    const counts = await Promise.all(sweepers.map(({ store }) => store.sweep()));
    const isOne = sweepers[0] === sweepers[1];
    agree('sweep', isOne ? counts[0] : counts[0]! + counts[1]!, this.#model.sweep(latest));
  }

  /** Every kind of read gives what lives, and nothing else. */
  async #look({ store, clock, views }: Tab): Promise<void> {
    const now = clock.now();
    for (const id of this.#ids) {
      const session = await store.load(id);
      agree(id, session !== undefined, this.#model.lives(id, now));
      this.#check(session, now);
    }
    agree('listIds', await store.listIds(), this.#model.living(now));
    const owner = this.dice.pick(owners);
    agree('listIds of an owner', await store.listIds({ owner }), this.#model.living(now, owner));
    const theirs = await store.listByOwner(owner);
    agree(
      'listByOwner',
      theirs.map(({ id }) => id),
      this.#model.living(now, owner),
    );
    for (const session of theirs) this.#check(session, now);
    for (const view of views) if (view.status === 'active') this.#check(view, now);
    if (this.dice.roll(4) === 0) await this.#current(store, now);
  }

  async #current(store: SessionStore<number>, now: number): Promise<void> {
    const view = await store.current({ create: () => 0 });
    // One that was begun has no limits yet.
    if (!this.#ids.includes(view.id)) {
      this.#ids.push(view.id);
      this.#model.write(view.id, now);
    }
    agree('current', view.status, 'active');
    this.#check(view, now);
    view.close();
  }

  #check(session: Pick<Session<number>, 'id' | 'expiresAt'> | undefined, now: number): void {
    if (session === undefined) return;
    this.#reads++;
    agree('read', this.#model.objection(session, now), undefined);
  }
}

/** Faster than a matcher, which matters here. */
function agree(what: string, actual: unknown, expected: unknown): void {
  const [is, ought] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== ought) throw new Error(`${what}: ${is}, and not ${ought}`);
}
