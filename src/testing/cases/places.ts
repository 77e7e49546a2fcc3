/** What the factory gives, before anything is built on it. */

import { live, put, slot, tombstone } from '../records.js';
import { namespace, type Define } from '../trial.js';

export function places(define: Define): void {
  define('R14 a place is empty at first, whatever the one before it held', async (trial) => {
    for (let round = 0; round < 2; round++) {
      const backend = await trial.opened();
      const page = await backend.scan({ by: 'id', limit: 10 });
      trial
        .expect([page.records.length, page.unreadable.length, page.next])
        .toEqual([0, 0, undefined]);
      await put(backend, live('a'), tombstone('b'), slot('default', 'a'));
      await trial.place.plant?.(namespace, 'c', 'foreign');
      trial.expect((await backend.read('a'))?.version).toBe(1);
      await trial.moveOn();
    }
  });

  define('R9 what one tab commits the next one sees', async (trial) => {
    const first = await trial.opened();
    await put(first, live('a', { version: 7 }));
    const second = await trial.opened();
    await trial.catchUp();
    trial.expect((await second.read('a'))?.version).toBe(7);
  });

  define('R9 what outlives the tab is durable to some degree', async (trial) => {
    const { durability, persistent } = trial.capabilities;
    trial.expect(durability === 'none').toBe(!persistent);
  });

  define('R8 where records outlive the tab, the place can plant damage', async (trial) => {
    const cannot = trial.place.plant === undefined;
    trial.expect(trial.capabilities.persistent && cannot).toBe(false);
  });
}
