/** `Backend.clear`, `open` and `close`, spoken to directly. */

import { codeOf } from '../outcome.js';
import { increment, live, put, slot, times, tombstone } from '../records.js';
import type { Define } from '../trial.js';

export function clearing(define: Define): void {
  define('R10 clear: replaces everything by what retain returns', async (trial) => {
    const backend = await trial.opened();
    const before = [
      live('a', { owner: 'ann' }),
      live('b', { expiresAt: 5 }),
      tombstone('c'),
      slot('s', 'a'),
    ];
    await put(backend, ...before);
    let seen: string[] = [];
    await backend.clear((records) => {
      seen = records.map(({ id }) => id).sort();
      return [tombstone('a', { version: 4 }), live('new', { owner: 'bob' })];
    });
    trial.expect(seen).toEqual(['\u0001slot:s', 'a', 'b', 'c']);
    const page = await backend.scan({ by: 'id', limit: 10 });
    trial.expect(page.records.map(({ id, kind, version }) => [id, kind, version])).toEqual([
      ['a', 'tombstone', 4],
      ['new', 'live', 1],
    ]);
    const byOwner = await backend.scan({ by: 'owner', owner: 'ann', limit: 10 });
    const byExpiry = await backend.scan({ by: 'expiresAt', until: 10, limit: 10 });
    trial.expect([byOwner.records.length, byExpiry.records.length]).toEqual([0, 0]);
    trial.expect(await backend.listIds({ aliveAt: 0, owner: 'bob', limit: 10 })).toEqual(['new']);
  });

  define('R10 clear: nothing retained is nothing left, and the backend works on', async (trial) => {
    const backend = await trial.opened();
    await put(backend, ...times(20, (i) => live(`id ${i}`)));
    await backend.clear(() => []);
    trial.expect((await backend.scan({ by: 'id', limit: 10 })).records).toEqual([]);
    await put(backend, live('id 1', { version: 2 }));
    trial.expect((await backend.read('id 1'))?.version).toBe(2);
  });

  define('R10 clear: one that fails leaves everything', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('a'), live('b'));
    const failing = backend.clear(() => {
      throw new RangeError('no');
    });
    trial.expect((await codeOf(failing)) === 'done').toBe(false);
    trial.expect(await backend.listIds({ aliveAt: 0, limit: 10 })).toEqual(['a', 'b']);
  });

  define('R2 clear: nobody comes between what it reads and what it writes', async (trial) => {
    const [one, other] = await trial.twoBackends();
    const writes = times(20, () => one.transact(['count'], increment('count')));
    const clears = times(5, () => other.clear((records) => records));
    await Promise.all([...writes, ...clears]);
    await trial.catchUp();
    trial.expect((await other.read('count'))?.version).toBe(20);
  });

  define('R8 a closed backend refuses: what it cannot read is not absent', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('a'));
    await backend.close();
    const outcomes = await Promise.all([
      codeOf(backend.read('a')),
      codeOf(put(backend, live('a', { version: 2 }))),
      codeOf(backend.scan({ by: 'id', limit: 10 })),
      codeOf(backend.listIds({ aliveAt: 0, limit: 10 })),
      codeOf(backend.clear(() => [])),
    ]);
    trial.expect(outcomes).toEqual(times(5, () => 'STORE_CLOSED'));
  });

  define('R9 close: does nothing the second time', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('a'));
    await Promise.all([backend.close(), backend.close()]);
    await backend.close();
    trial.expect(await codeOf(backend.read('a'))).toBe('STORE_CLOSED');
  });

  define('R9 close: what was committed is there when it is opened again', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('a', { version: 5, owner: 'ann' }), tombstone('b', { version: 6 }));
    await backend.close();
    await trial.opened(backend);
    trial
      .expect([(await backend.read('a'))?.version, (await backend.read('b'))?.version])
      .toEqual([5, 6]);
    trial.expect(await backend.listIds({ aliveAt: 0, owner: 'ann', limit: 10 })).toEqual(['a']);
  });

  define('R9 close: a transaction under way is either made or refused', async (trial) => {
    const backend = await trial.opened();
    await put(backend, live('first'));
    const transactions = times(5, (i) => codeOf(put(backend, live(`id ${i}`))));
    await backend.close();
    const made = (await Promise.all(transactions)).filter((outcome) => outcome === 'done');
    await trial.opened(backend);
    const listed = await backend.listIds({ aliveAt: 0, limit: 10 });
    trial.expect(listed.length).toBe(made.length + 1);
  });
}
