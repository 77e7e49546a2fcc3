import { describe, expect, it } from 'vitest';
import { Disk, FakeBackend, increment, live, refuse } from '../../test/fake-backend.js';
import { FakeTab } from '../../test/fake-tab.js';
import type { Backend } from '../backend.js';

describe('another tab that moves the records away', () => {
  const operations: readonly [string, (backend: Backend) => Promise<unknown>, unknown][] = [
    ['read', async (backend) => (await backend.read('a'))?.version, 3],
    ['transact', (backend) => increment(backend, 'a'), 4],
    ['scan', async (backend) => (await backend.scan({ by: 'id', limit: 9 })).records.length, 1],
    ['listIds', (backend) => backend.listIds({ aliveAt: 0, limit: 9 }), ['a']],
    [
      'clear',
      (backend) => backend.clear((current) => (expect(current).toHaveLength(1), [])),
      undefined,
    ],
  ];

  async function twoTabs() {
    const [better, worse] = [new Disk(), new Disk(live('a', 3))];
    const first = new FakeBackend('first', better);
    first.before = refuse('open').before;
    const left = new FakeTab();
    const second = new FakeBackend('second', worse);
    const backend = await left.opened(first, second);
    await new FakeTab().opened(new FakeBackend('first', better), new FakeBackend('second', worse));
    expect(worse.sessions.size).toBe(0);
    return { left, first, second, backend };
  }

  it.each(operations)('R8: is followed by %s', async (_, operation, result) => {
    const { first, left, backend } = await twoTabs();
    first.before = () => {};
    expect(await operation(backend)).toEqual(result);
    expect(backend.name).toBe('first');
    expect(left.changes.at(-1)).toMatchObject({ name: 'first', previous: 'second' });
  });

  it.each(operations)('R8: %s throws where it cannot follow', async (_, operation) => {
    const { backend } = await twoTabs();
    await expect(operation(backend)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(backend.name).toBe('second');
  });

  it('is not followed by a store that is being closed', async () => {
    const { first, second, backend } = await twoTabs();
    first.before = () => {};
    await second.open(); // another store of this page shares it
    const reading = backend.read('a');
    await backend.close();
    await expect(reading).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect([first.users, second.users]).toEqual([0, 1]);
  });

  it('R8: is followed once, by however many operations', async () => {
    const { first, backend } = await twoTabs();
    first.before = () => {};
    const versions = await Promise.all([increment(backend, 'a'), increment(backend, 'a')]);
    expect(versions).toEqual([4, 5]);
    expect(first.steps.filter((step) => step === 'open')).toHaveLength(2);
  });

  it('R2: loses no commit that was made at any step of the move', async () => {
    for (let step = 0; ; step++) {
      const [better, worse] = [new Disk(), new Disk(live('a', 3), live('b', 1))];
      const unable = new FakeBackend('first', better);
      unable.before = refuse('open').before;
      const other = await new FakeTab().opened(unable, new FakeBackend('second', worse));
      unable.before = () => {};
      const backends = [new FakeBackend('first', better), new FakeBackend('second', worse)];
      let steps = 0;
      let told: number | undefined;
      for (const backend of backends) {
        backend.before = async () => {
          if (steps++ === step) told = await increment(other, 'a');
        };
      }
      const mover = await new FakeTab().opened(...backends);
      if (told === undefined) break;
      expect(told).toBe(4);
      const versions = [await increment(mover, 'a'), await increment(other, 'a')];
      expect(versions, `commit before step ${step}`).toEqual([5, 6]);
      expect((await mover.read('a'))?.version).toBe(6);
    }
  });

  it('R1: loses no commit of a tab that begins on the worse backend while records move', async () => {
    let commits = 0;
    for (let step = 0; ; step++) {
      const [better, worse] = [new Disk(), new Disk(live('a', 3), live('b', 1))];
      const backends = [new FakeBackend('first', better), new FakeBackend('second', worse)];
      let steps = 0;
      let told = 3;
      for (const backend of backends) {
        backend.before = async () => {
          if (steps++ !== step || !worse.records.has('a')) return;
          const unable = new FakeBackend('first', better);
          unable.before = refuse('open').before;
          told = await increment(
            await new FakeTab().opened(unable, new FakeBackend('second', worse)),
            'a',
          );
          commits++;
        };
      }
      await new FakeTab().opened(...backends);
      if (steps <= step) break;
      const later = await new FakeTab().opened(
        new FakeBackend('first', better),
        new FakeBackend('second', worse),
      );
      expect((await later.read('a'))?.version, `commit before step ${step}`).toBe(told);
      expect([...worse.sessions]).toEqual([]);
    }
    expect(commits).toBeGreaterThan(5);
  });
});
