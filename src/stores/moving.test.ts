import { describe, expect, it } from 'vitest';
import {
  Disk,
  FakeBackend,
  live,
  refuse,
  slot,
  tombstone,
  unreadable,
} from '../../test/fake-backend.js';
import { FakeTab } from '../../test/fake-tab.js';
import type { LiveRecord, StoredRecord } from '../backend.js';
import type { SessionError } from '../errors.js';

describe('records that an earlier visit left in a worse backend', () => {
  it('R1: move up with versions, tombstones and slots, and leave nothing behind', async () => {
    const records = [live('a', 7), tombstone('b', 3), slot('default', 4, 'a')];
    const [better, worse] = [new Disk(), new Disk(...records)];
    const tab = new FakeTab();
    const backends = [new FakeBackend('first', better), new FakeBackend('second', worse)];
    await tab.opened(...backends);
    expect(better.sessions).toEqual(new Disk(...records).records);
    expect([...worse.sessions]).toEqual([]);
    expect(backends.map(({ users }) => users)).toEqual([1, 0]);
    expect(tab.errors).toEqual([]);
    expect(tab.changes).toEqual([]);
  });

  it.each<[string, StoredRecord, StoredRecord, 'better' | 'worse']>([
    ['the higher version wins', live('a', 2), live('a', 3), 'worse'],
    ['a lower version loses', live('a', 3), live('a', 2), 'better'],
    [
      'R4: a tombstone beats a live record of its version',
      live('a', 3),
      tombstone('a', 3),
      'worse',
    ],
    [
      'R4: a live record does not beat a tombstone of its version',
      tombstone('a', 3),
      live('a', 3),
      'better',
    ],
    ['a new life beats an older tombstone', tombstone('a', 3), live('a', 4), 'worse'],
    ['of equals the better backend keeps its own', live('a', 3, 'x'), live('a', 3, 'y'), 'better'],
  ])('%s', async (_, inBetter, inWorse, winner) => {
    const [better, worse] = [new Disk(inBetter), new Disk(inWorse)];
    await new FakeTab().opened(new FakeBackend('first', better), new FakeBackend('second', worse));
    expect(better.records.get('a')).toBe(winner === 'better' ? inBetter : inWorse);
    expect([...worse.sessions]).toEqual([]);
  });

  it('move in pages, however many there are', async () => {
    const records = Array.from({ length: 350 }, (_, i) => live(`id ${i}`));
    const [better, worse] = [new Disk(), new Disk(...records)];
    await new FakeTab().opened(new FakeBackend('first', better), new FakeBackend('second', worse));
    expect(better.sessions.size).toBe(350);
    expect(worse.sessions.size).toBe(0);
  });

  it('are looked for without writing a thing', async () => {
    const worse = new FakeBackend('second', new Disk());
    await new FakeTab().opened(new FakeBackend('first', new Disk()), worse);
    expect(worse.steps).toEqual(['open', 'scan', 'close']);
  });

  it('are looked for in persistent backends only', async () => {
    const memory = new FakeBackend('memory', new Disk(live('a')), false);
    await new FakeTab().opened(new FakeBackend('first', new Disk()), memory);
    expect(memory.steps).toEqual([]);
  });

  it('R15: a worse backend that cannot be looked into is reported, and not fatal', async () => {
    const tab = new FakeTab();
    const disk = new Disk(live('a'));
    const [second, third] = [new FakeBackend('second', new Disk()), new FakeBackend('third', disk)];
    const { error, before } = refuse('scan');
    second.before = before;
    const better = new Disk();
    await tab.opened(new FakeBackend('first', better), second, third);
    expect(tab.errors).toEqual([error]);
    expect([...better.sessions.keys()]).toEqual(['a']);
  });

  it('a worse backend that does not exist here is no failure', async () => {
    const tab = new FakeTab();
    const [second, third] = [
      new FakeBackend('second', new Disk()),
      new FakeBackend('third', new Disk(live('a'))),
    ];
    second.before = refuse('open').before;
    const better = new Disk();
    await tab.opened(new FakeBackend('first', better), second, third);
    expect(tab.errors).toEqual([]);
    expect([...better.sessions.keys()]).toEqual(['a']);
  });

  it('R8: what cannot be read on either side stays where it is, and is reported', async () => {
    const tab = new FakeTab();
    const broken: LiveRecord = {
      ...live('b', 2),
      data: {
        value() {
          throw unreadable('b');
        },
      },
    };
    const [better, worse] = [
      new Disk(live('c')),
      new Disk(live('a'), broken, live('c', 9), live('d')),
    ];
    worse.unreadable.add('a');
    better.unreadable.add('c');
    const kept = better.records.get('c');
    await tab.opened(new FakeBackend('first', better), new FakeBackend('second', worse));
    expect([...worse.sessions.keys()]).toEqual(['a', 'b', 'c']);
    expect([...better.sessions.keys()].toSorted()).toEqual(['c', 'd']);
    expect(better.records.get('c')).toBe(kept);
    expect(tab.errors.map((error) => `${(error as SessionError).id}`).toSorted()).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('R10: no crash at any step loses a record, and moving again is harmless', async () => {
    const records = Array.from({ length: 150 }, (_, i) => live(`id ${i}`, 5));
    let steps = 0;
    for (let crashAt = 0; ; crashAt++) {
      const [better, worse] = [new Disk(live('id 0', 9)), new Disk(...records)];
      steps = 0;
      const crash = (): void | Promise<void> => {
        if (steps++ >= crashAt) throw new Error('crashed');
      };
      const backends = [new FakeBackend('first', better), new FakeBackend('second', worse)];
      for (const backend of backends) backend.before = crash;
      await new FakeTab().opened(...backends).catch(() => {});
      const crashed = steps > crashAt;
      for (const { id } of records) {
        expect(better.records.has(id) || worse.records.has(id), `crash at step ${crashAt}`).toBe(
          true,
        );
      }
      await new FakeTab().opened(
        new FakeBackend('first', better),
        new FakeBackend('second', worse),
      );
      expect(better.sessions.size).toBe(150);
      expect(better.records.get('id 0')?.version).toBe(9);
      expect(worse.sessions.size).toBe(0);
      if (!crashed) break;
    }
    expect(steps).toBeGreaterThan(10);
  });
});
