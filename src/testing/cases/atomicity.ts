/** R10: changes of several records, with a fault just before or just after the commit. */

import type { Backend } from '../../backend.js';
import type { SessionStore } from '../../session.js';
import { codeOf } from '../outcome.js';
import { faultyBackend, type FaultyBackend } from '../faulty-backend.js';
import { plain, times } from '../records.js';
import type { Define, Trial } from '../trial.js';

class Fault extends Error {
  override readonly name = 'Fault';
}

const fail = (): never => {
  throw new Fault('on purpose');
};

/** Everything that is stored, in id order. */
async function everything(trial: Trial): Promise<unknown[]> {
  await trial.catchUp();
  const raw = await trial.opened();
  const { records } = await raw.scan({ by: 'id', limit: 1000 });
  return records.map(plain);
}

interface Change {
  readonly run: (store: SessionStore<unknown>) => Promise<unknown>;
  readonly operation: 'transact' | 'clear';
  /** Which one commits, where a transaction before it only looks. */
  readonly commit?: number;
}

/** Lets the commit of a change fail, just before or just after. */
function failAt(
  backend: FaultyBackend,
  moment: 'before' | 'after',
  { operation, commit = 1 }: Change,
): void {
  for (let i = 1; i < commit; i++) backend.once(operation, moment, () => {});
  backend.once(operation, moment, fail);
}

/** Changes of several records, on three sessions of ann, of which `a` is the current one. */
const changes: Record<string, Change> = {
  'rotate of a current session': {
    operation: 'transact',
    commit: 2,
    run: (store) => store.rotate('a', { id: 'b' }),
  },
  'rotate with new data': {
    operation: 'transact',
    run: (store) => store.rotate('second', { id: 'b', data: 'new' }),
  },
  endAll: { operation: 'transact', run: (store) => store.endAll('ann') },
  clear: { operation: 'clear', run: (store) => store.clear() },
  'the first current': {
    operation: 'transact',
    run: (store) => store.current({ slot: 'another', create: () => 'begun' }),
  },
};

async function prepared(trial: Trial, backend: Backend): Promise<SessionStore<unknown>> {
  const store = await trial.store({ backend, generateId: drawOf('a', 'fresh') });
  const view = await store.current({ create: () => 'data' });
  view.close();
  await store.update('a', () => 'data', { owner: 'ann' });
  await store.create('data', { id: 'second', owner: 'ann' });
  await store.create('data', { id: 'third', owner: 'ann' });
  return store;
}

async function stateOf(store: SessionStore<unknown>): Promise<unknown[]> {
  const loaded = await Promise.all((await store.listIds()).map((id) => store.load(id)));
  return [
    loaded,
    await store.listByOwner('ann'),
    (await store.current({ create: () => 'anew' })).data,
  ];
}

function drawOf(...ids: string[]): () => string {
  let next = 0;
  return () => ids[next++] ?? `further ${next}`;
}

export function atomicity(define: Define): void {
  for (const [what, change] of Object.entries(changes)) {
    const { run } = change;
    define(`R10 ${what}: a fault before the commit leaves everything as it was`, async (trial) => {
      const backend = faultyBackend(trial.backend());
      const store = await prepared(trial, backend);
      const before = await everything(trial);
      failAt(backend, 'before', change);
      trial.expect(await codeOf(run(store))).toBe('Fault');
      trial.expect(await everything(trial)).toEqual(before);
      trial.expect(await codeOf(run(store))).toBe('done');
    });

    define(`R10 ${what}: when only the answer is lost, all of it was done`, async (trial) => {
      const unharmed = await prepared(trial, trial.backend());
      await run(unharmed);
      const expected = await stateOf(unharmed);
      await trial.moveOn();

      const backend = faultyBackend(trial.backend());
      const store = await prepared(trial, backend);
      failAt(backend, 'after', change);
      trial.expect(await codeOf(run(store))).toBe('Fault');
      trial.expect(await stateOf(store)).toEqual(expected);
    });
  }

  define('R10 a rotation takes the slot of its session along', async (trial) => {
    const backend = faultyBackend(trial.backend());
    const store = await prepared(trial, backend);
    backend.once('transact', 'before', fail);
    trial.expect(await codeOf(store.rotate('a', { id: 'b' }))).toBe('Fault');
    const still = await store.current({ create: () => 'another' });
    trial.expect(still.id).toBe('a');
    await store.rotate('a', { id: 'b' });
    const moved = await store.current({ create: () => 'another' });
    trial.expect([moved.id, moved.data]).toEqual(['b', 'data']);
  });

  define('R10 readers find a rotating session exactly once, at every moment', async (trial) => {
    const store = await trial.store();
    let { id } = await store.create('data');
    const rotate = async (): Promise<void> => {
      for (let step = 0; step < 15; step++) id = (await store.rotate(id)).id;
    };
    const counts = new Set<number>();
    await trial.during(rotate(), async () => void counts.add((await store.listIds()).length));
    trial.expect([...counts]).toEqual([1]);
  });

  define('R10 endAll ends all of an owner, or all but one, and nobody else', async (trial) => {
    const [one, other] = await trial.twoStores();
    for (const i of times(12, (index) => index))
      await one.create(i, { id: `ann ${i}`, owner: 'ann' });
    await one.create('data', { id: 'bob', owner: 'bob' });
    trial.expect(await other.endAll('ann', { except: 'ann 3' })).toBe(11);
    await trial.catchUp();
    trial.expect(await one.listIds()).toEqual(['ann 3', 'bob']);
    trial.expect(await one.endAll('ann')).toBe(1);
    trial.expect(await one.endAll('ann')).toBe(0);
    trial.expect(await one.listIds()).toEqual(['bob']);
    trial.expect(await codeOf(other.save('ann 0', 'late'))).toBe('SESSION_ENDED');
  });

  define(
    'R10 one record that cannot be encoded is refused before any is written',
    async (trial) => {
      const store = await trial.store();
      await store.create('data', { id: 'a', owner: 'ann' });
      const before = await everything(trial);
      const refused = store.rotate('a', { id: 'b', data: () => 'not data' });
      trial.expect(await codeOf(refused)).toBe('ENCODE_FAILED');
      trial.expect(await everything(trial)).toEqual(before);
    },
  );
}
