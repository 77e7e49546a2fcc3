import { describe, expect, it, vi } from 'vitest';
import type { Backend, BackendContext, StoredRecord } from '../backend.js';
import type { Change } from '../ports.js';
import { backendOver } from '../../test/backend-over.js';
import { SharedMemory } from '../../test/shared-memory.js';
import { fakeClock } from '../testing/fake-clock.js';
import { live, put, slot, tombstone } from '../testing/records.js';
import { cachedBackend, type CachedBackendOptions } from './cached.js';
import { memoryBackend } from './memory.js';

const touched = (id: string, version: number, expiresAt: number): Change => ({
  id,
  version,
  kind: 'touched',
  expiresAt,
});
const saved = (id: string, version: number): Change => ({ id, version, kind: 'saved' });
const ended = (id: string, version: number): Change => ({ id, version, kind: 'ended' });

/** A cached backend of one tab, and a bare one of another. */
async function tabs(options: CachedBackendOptions = {}, over: Partial<Backend> = {}) {
  const memory = new SharedMemory();
  const clock = fakeClock(10_000);
  const inner = memory.tab();
  const read = vi.fn<Backend['read']>((id) => inner.read(id));
  const behind = backendOver(inner, { read, ...over });
  const here = cachedBackend(behind, options);
  const there = memory.tab();
  let tell: (changes: readonly Change[]) => void = () => {};
  let resync = (): void => {};
  const context: BackendContext = {
    name: 'shop',
    now: () => clock.now(),
    onError: (error) => {
      throw error;
    },
    onChange: () => {},
    onReset: () => {},
    peers: {
      onChanges: (listener) => ((tell = listener), () => (tell = () => {})),
      onResync: (listener) => ((resync = listener), () => (resync = () => {})),
    },
  };
  await here.open(context);
  await there.open(context);
  return {
    here,
    there,
    clock,
    context,
    read,
    tell: (...changes: readonly Change[]) => tell(changes),
    resync: () => resync(),
    /** The versions that reads give, and how many of them went past the cache. */
    look: async (...ids: readonly string[]) => {
      read.mockClear();
      const versions: (number | undefined)[] = [];
      for (const id of ids) versions.push((await here.read(id))?.version);
      return [versions, read.mock.calls.length];
    },
  };
}

describe('cachedBackend', () => {
  it('answers from memory what it has read, and what it has written', async () => {
    const { here, there, look } = await tabs();
    await put(there, live('read'));
    expect(await look('read', 'read', 'read')).toEqual([[1, 1, 1], 1]);
    await put(here, live('written', { version: 3 }));
    expect(await look('written', 'written')).toEqual([[3, 3], 0]);
  });

  it('R11 shows what it is told of, and until then what it has', async () => {
    const { there, look, tell } = await tabs();
    await put(there, live('a'));
    await look('a');
    await put(there, live('a', { version: 2 }));
    expect(await look('a')).toEqual([[1], 0]);
    tell(saved('a', 2));
    expect(await look('a', 'a')).toEqual([[2, 2], 1]);
  });

  it('R9 whatever it is told of empties it: no older state of another session is shown', async () => {
    const { there, look, tell } = await tabs();
    await put(there, live('a'), live('b'));
    await look('a', 'b', 'a', 'b');
    expect(await look('a', 'b')).toEqual([[1, 1], 0]);
    await put(there, live('a', { version: 2 }));
    await put(there, live('b', { version: 2 }));
    tell(saved('b', 2));
    expect(await look('b', 'a')).toEqual([[2, 2], 2]);
  });

  it('R9 a read that shows something newer than was told empties it', async () => {
    const { there, look } = await tabs();
    await put(there, live('a'), live('b'));
    await look('b', 'a');
    await put(there, live('a', { version: 2 }));
    await put(there, live('b', { version: 2 }));
    // b is not in hand; that it has changed shows that a may have as well.
    expect(await look('a', 'b', 'a')).toEqual([[1, 2, 2], 2]);
  });

  it('R9 so do an own commit, a refused one and a listing', async () => {
    const { here, there, look } = await tabs();
    const refuse = (): Promise<unknown> =>
      here
        .transact(['b'], () => {
          throw new RangeError('no');
        })
        .catch(() => {});
    for (const [step, shows] of [
      () => put(here, live('b', { version: 9 })),
      refuse,
      () => here.scan({ by: 'id', limit: 1 }),
      () => here.listIds({ aliveAt: 0, limit: 1 }),
      () => here.transact(['a'], () => ({ result: undefined })),
      () => here.transact(['a'], (current) => ({ result: current.get('a') })),
      () => here.transact(['b'], () => ({ remove: ['b'], result: undefined })),
    ].entries()) {
      const version = step * 2 + 1;
      await put(there, live('a', { version }));
      await look('a', 'a');
      await put(there, live('a', { version: version + 1 }));
      await shows();
      // What looked at nothing has shown nothing.
      const seen = step === 4 ? version : version + 1;
      expect([step, await look('a')]).toEqual([step, [[seen], step === 4 ? 0 : 1]]);
      await here.listIds({ aliveAt: 0, limit: 1 });
    }
  });

  it('a commit that finds everything as it was, and writes nothing, empties nothing', async () => {
    const { here, there, look } = await tabs();
    await put(there, live('a'));
    await look('a');
    await here.transact(['a'], (current) => ({ result: current.get('a') }));
    expect(await look('a')).toEqual([[1], 0]);
  });

  it('R4 never gives again what it was told has ended', async () => {
    const { there, look, tell } = await tabs();
    await put(there, live('a'));
    await look('a', 'a');
    await put(there, tombstone('a'));
    tell(ended('a', 1));
    expect(await look('a', 'a')).toEqual([[1, 1], 2]);
  });

  it('R8 keeps no absence, no end and no slot', async () => {
    const { here, look } = await tabs();
    await put(here, tombstone('ended'), slot('default', 'ended'));
    const ids = ['never', 'ended', '\u0001slot:default'];
    expect((await look(...ids, ...ids))[1]).toBe(6);
  });

  it('R6 gives nothing from memory that has expired', async () => {
    const { there, look, clock } = await tabs();
    await put(there, live('a', { expiresAt: clock.now() + 1000 }));
    await look('a');
    await clock.advance(999);
    await put(there, live('a', { expiresAt: clock.now() + 1000 }));
    expect(await look('a')).toEqual([[1], 0]);
    await clock.advance(1);
    expect(await look('a')).toEqual([[1], 1]);
  });

  it('R11 a message that comes before its write shows: what is older is not kept', async () => {
    const { there, look, tell, clock } = await tabs();
    await put(there, live('a', { expiresAt: 50_000 }));
    await look('a', 'a');
    for (const [change, shows] of [
      [touched('a', 1, 60_000), () => put(there, live('a', { expiresAt: 60_000 }))],
      [saved('a', 2), () => put(there, live('a', { version: 2 }))],
    ] as const) {
      tell(change);
      expect((await look('a', 'a'))[1]).toBe(2);
      await shows();
      expect((await look('a', 'a'))[1]).toBe(1);
    }
    tell(saved('a', 4), saved('a', 3));
    await put(there, live('a', { version: 3 }));
    expect(await look('a', 'a')).toEqual([[3, 3], 2]);
    await clock.advance(1);
  });

  it('R11 late and doubled messages cost nothing', async () => {
    const { there, look, tell } = await tabs();
    await put(there, live('a', { version: 3 }));
    await look('a');
    tell(saved('a', 2), saved('a', 3));
    tell(saved('a', 1));
    expect(await look('a')).toEqual([[3], 0]);
  });

  it('R11 a forged version keeps a session out of the cache for a while, and no longer', async () => {
    const { there, look, tell, clock } = await tabs();
    await put(there, live('a'), live('b'));
    await look('a', 'b', 'a', 'b');
    tell(saved('a', Number.MAX_SAFE_INTEGER));
    expect(await look('a', 'b', 'a', 'b', 'a')).toEqual([[1, 1, 1, 1, 1], 4]);
    await clock.advance(10_000);
    expect(await look('a', 'b', 'a', 'b')).toEqual([[1, 1, 1, 1], 2]);
  });

  it('R11 more announced ids than can be remembered: nothing is kept for a moment', async () => {
    const { there, look, tell, clock } = await tabs();
    await put(there, live('a'));
    await look('a');
    for (let page = 0; page < 3; page++) {
      tell(...Array.from({ length: 1000 }, (_, i) => saved(`forged ${page} ${i}`, 1)));
    }
    expect(await look('a', 'a')).toEqual([[1, 1], 2]);
    await clock.advance(1000);
    expect(await look('a', 'a')).toEqual([[1, 1], 1]);
  });

  it('R11 waking up empties it, and nothing is kept until late news have arrived', async () => {
    const { there, look, resync, clock } = await tabs();
    await put(there, live('a'));
    await look('a');
    await put(there, live('a', { version: 2 }));
    resync();
    expect(await look('a', 'a')).toEqual([[2, 2], 2]);
    await clock.advance(999);
    expect(await look('a', 'a')).toEqual([[2, 2], 2]);
    await clock.advance(1);
    expect(await look('a', 'a')).toEqual([[2, 2], 1]);
  });

  it('a lost message, and none after it, is made up for after maxAge, also by a clock set back', async () => {
    for (const pass of [5000, -5000]) {
      const { there, look, clock } = await tabs({ maxAge: 5000 });
      await put(there, live('a'));
      await look('a');
      await put(there, live('a', { version: 2 }));
      clock.set(clock.now() + pass - Math.sign(pass));
      expect(await look('a')).toEqual([[1], 0]);
      clock.set(clock.now() + Math.sign(pass));
      expect(await look('a')).toEqual([[2], 1]);
    }
  });

  it('keeps maxRecords, and lets the least recently used go', async () => {
    const { there, look } = await tabs({ maxRecords: 2 });
    await put(there, live('a'), live('b'), live('c'));
    await look('a', 'b', 'a', 'b');
    expect((await look('b', 'a'))[1]).toBe(0);
    await look('c', 'c');
    await look('a', 'c', 'a', 'c');
    expect((await look('a', 'c'))[1]).toBe(0);
    expect((await look('b'))[1]).toBe(1);
  });

  it('hands out the data as it was, copied by whoever changes it', async () => {
    const { here, there, look } = await tabs();
    await put(there, live('a'));
    await look('a');
    const [one, other] = [await here.read('a'), await here.read('a')] as StoredRecord[];
    expect(one).toBe(other);
  });

  it.each([
    [{ maxRecords: 0 }, RangeError],
    [{ maxRecords: 1.5 }, RangeError],
    [{ maxRecords: '9' as unknown as number }, TypeError],
    [{ maxAge: 0 }, RangeError],
    [{ maxAge: '9' as unknown as number }, TypeError],
  ])('refuses %j', (options, misuse) => {
    expect(() => cachedBackend(memoryBackend(), options)).toThrow(misuse);
  });

  it('refuses what is no backend', () => {
    expect(() => cachedBackend({} as Backend)).toThrow(TypeError);
  });
});
