/** Tabs at random work over a channel that loses, doubles and delays. */

import assert from 'node:assert/strict';
import type { Backend, StoredRecord } from '../src/backend.js';
import type { Clock } from '../src/clock.js';
import type { Milliseconds, Session } from '../src/session.js';
import { alive, successorOf } from '../src/standing.js';
import { openStore } from '../src/store.js';
import { cachedBackend } from '../src/stores/cached.js';
import { randomFrom } from '../src/testing/random.js';
import { simulatedTabs, type SimulatedTabs } from '../src/testing/simulated-tabs.js';
import { backendOver } from './backend-over.js';
import { diceOf, doSomething, type Dice, type Ids, type RandomTab } from './random-work.js';
import { SharedMemory } from './shared-memory.js';
import { virtualClock } from './virtual-clock.js';

const latest: Milliseconds = 200;
// Later than the last late message, and every second look that it asked for.
export const atRest: Milliseconds = latest + 2000;

/** How often caches have answered. */
export const answered = { hits: 0 };

export class RandomWorld {
  readonly dice: Dice;
  readonly clock: Clock = virtualClock();
  readonly tabs: SimulatedTabs;
  readonly members: RandomTab[] = [];
  readonly ids: Ids = { all: ['a', 'b', 'c'] };
  readonly #memory = new SharedMemory();
  readonly #errors: unknown[] = [];

  constructor(seed: number) {
    this.dice = diceOf(randomFrom(seed));
    const faults = { seed: seed + 0.5, lost: 0.4, latest, clock: this.clock };
    this.tabs = simulatedTabs({ faults });
  }

  pass(time: Milliseconds): Promise<void> {
    return new Promise((done) => void this.clock.after(time, done));
  }

  /** @param kind - every second tab caches */
  async openTab(kind = this.members.length): Promise<void> {
    const inner = this.#memory.tab();
    const store = await openStore<number>({
      name: 'shop',
      backend: kind % 2 === 0 ? inner : countingHits(inner),
      sync: this.tabs.tab(),
      clock: this.clock,
      tombstoneTtl: 1e12,
      onError: (error) => this.#errors.push(error),
    });
    this.members.push({ store, views: [] });
  }

  async work(steps: number): Promise<void> {
    const ttl = () => this.dice.pick([undefined, { idle: 100 + this.dice.roll(3000) }]);
    for (let step = 0; step < steps; step++) {
      const tab = this.dice.pick(this.members);
      const doing = doSomething(tab, this.ids, this.dice, ttl);
      // Now and then the next one begins before this one has ended.
      if (this.dice.roll(3) > 0) await doing;
      else doing.catch((error: unknown) => this.#errors.push(error));
      if (this.dice.roll(3) > 0) await this.pass(this.dice.roll(60));
    }
  }

  /** Everything that any tab shows is what is stored. */
  async expectAgreement(): Promise<void> {
    const backend = this.#memory.all()[0]!;
    const { records } = await backend.scan({ by: 'id', limit: 1000 });
    const stored = new Map(records.map((record) => [record.id, record]));
    const now = this.clock.now();
    const living = records
      .map((record) => alive(record, now))
      .filter((record) => record !== undefined);
    for (const { store, views } of this.members) {
      // Once more from memory, where there is a cache.
      for (const id of [...this.ids.all, ...this.ids.all]) {
        const record = alive(stored.get(id), now);
        const expected = record && { ...record, data: record.data.value() };
        assert.deepEqual(brief(await store.load(id)), brief(expected));
      }
      assert.deepEqual(
        await store.listIds(),
        living.map(({ id }) => id),
      );
      for (const owner of ['ann', 'bob']) {
        const theirs = living.filter((record) => record.owner === owner).map(({ id }) => id);
        assert.deepEqual(
          (await store.listByOwner(owner)).map(({ id }) => id),
          theirs,
        );
      }
      for (const { first, view } of views) {
        const [id, record] = followed(stored, first);
        if (alive(record, now) === undefined) {
          assert.deepEqual([first, view.status], [first, endOf(record)]);
        } else {
          const { version, expiresAt, data, owner } = view;
          assert.deepEqual(view.status, 'active');
          assert.deepEqual(
            brief({ id: view.id, version, expiresAt, owner, data }),
            brief(await store.load(id)),
          );
        }
      }
    }
    assert.deepEqual(this.#errors, []);
    assert.deepEqual(this.clock.now(), now);
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map(({ store }) => store.close()));
  }
}

function countingHits(inner: Backend): Backend {
  let passed = 0;
  const cached = cachedBackend(backendOver(inner, { read: (id) => (passed++, inner.read(id)) }));
  return backendOver(cached, {
    async read(id) {
      const before = passed;
      const record = await cached.read(id);
      if (passed === before) answered.hits++;
      return record;
    },
  });
}

function brief(
  session: Pick<Session<unknown>, 'id' | 'version' | 'expiresAt' | 'owner' | 'data'> | undefined,
) {
  if (session === undefined) return undefined;
  const { id, version, expiresAt, owner, data } = session;
  return { id, version, expiresAt, owner, data };
}

function followed(
  stored: ReadonlyMap<string, StoredRecord>,
  first: string,
): [string, StoredRecord | undefined] {
  const successor = successorOf(stored.get(first));
  return successor === undefined ? [first, stored.get(first)] : followed(stored, successor);
}

function endOf(record: StoredRecord | undefined): 'ended' | 'expired' {
  return record?.kind === 'tombstone' && record.reason === 'ended' ? 'ended' : 'expired';
}
