// R11: whatever becomes of messages, every tab comes to show what is stored.

import { describe, expect, it } from 'vitest';
import { answered, atRest, RandomWorld } from '../test/random-world.js';
import { withSeeds } from '../test/seeds.js';

const endings: readonly [string, number, (world: RandomWorld) => Promise<void>][] = [
  [
    // The harder of the two: what was missed shows by the gaps alone.
    'the next message of each has arrived',
    1000,
    async ({ members, ids }) => {
      for (const [index, { store }] of members.entries()) {
        const id = `further ${index}`;
        ids.all.push(id);
        await store.create(index, { id });
      }
    },
  ],
  ['every tab has woken', 300, async ({ tabs }) => tabs.resync()],
];

const isAlone = process.env['TABKEEP_SEED'] !== undefined;

describe('R11 tabs whose messages are lost, doubled, late and in any order', () => {
  for (const [ending, count, finish] of endings) {
    it(`${count} seeds: all show what is stored once ${ending}`, { timeout: 300_000 }, async () => {
      const run = withSeeds(count, async (seed) => {
        const world = new RandomWorld(seed);
        for (let tab = 0; tab < 3; tab++) await world.openTab();
        await world.work(15);
        if (seed % 2 === 0) await world.openTab();
        await world.work(15);
        await world.pass(atRest);
        world.tabs.calm();
        await finish(world);
        await world.pass(atRest);
        await world.expectAgreement();
        // What the caches have now kept is no different.
        await world.expectAgreement();
        await world.close();
      });
      await expect(run).resolves.toBeUndefined();
    });
  }

  it('caches have answered among them', () => {
    expect(answered.hits).toBeGreaterThan(isAlone ? -1 : 5000);
  });
});
