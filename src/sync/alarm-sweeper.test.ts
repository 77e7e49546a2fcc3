import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeAlarms } from '../../test/fake-alarms.js';
import { openStore } from '../core.js';
import type { SweeperContext } from '../ports.js';
import { memoryBackend } from '../stores/memory.js';
import { alarmSweeper } from './sweepers.js';

const alarm = 'tabkeep:shop:sweep';

function contextOf(name = 'shop') {
  const errors: unknown[] = [];
  const sweep = vi.fn<() => Promise<number>>(async () => 0);
  const context: SweeperContext = {
    name,
    shared: false,
    sweep,
    onError: (error, { during }) => errors.push([during, error]),
  };
  return { context, sweep, errors };
}

/** Lets promises that are ready settle. */
const settled = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0));

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('alarmSweeper', () => {
  it('R7: sweeps at the start, and at each alarm of its store', async () => {
    const alarms = new FakeAlarms();
    const { context, sweep, errors } = contextOf();
    const stop = alarmSweeper({ alarms }).start(context);
    await settled();
    expect(sweep).toHaveBeenCalledTimes(1);
    for (const name of [alarm, 'tabkeep:other:sweep', 'shop', alarm]) {
      alarms.ring(name);
      await settled();
    }
    expect(sweep).toHaveBeenCalledTimes(3);
    await stop();
    expect(errors).toEqual([]);
  });

  it('creates its alarm once, however often the worker starts', async () => {
    const alarms = new FakeAlarms();
    for (let start = 0; start < 3; start++) {
      const { context, sweep } = contextOf();
      alarmSweeper({ alarms, periodInMinutes: 5 }).start(context);
      await settled();
      alarms.ring(alarm);
      await settled();
      expect(sweep).toHaveBeenCalledTimes(2);
      alarms.stopWorker();
    }
    expect([...alarms.set]).toEqual([[alarm, 5]]);
    expect(alarms.created).toEqual([alarm]);
  });

  it('creates its alarm again where it is missing or has another period', async () => {
    const alarms = new FakeAlarms();
    for (const periodInMinutes of [1, 0.5]) {
      alarmSweeper({ alarms, periodInMinutes }).start(contextOf().context);
      await settled();
      expect(alarms.set.get(alarm)).toBe(periodInMinutes);
    }
    alarms.set.clear();
    alarmSweeper({ alarms }).start(contextOf().context);
    await settled();
    expect([...alarms.set]).toEqual([[alarm, 1]]);
  });

  it('listens as soon as it is made, and stands an alarm that rings before the store is open', async () => {
    const alarms = new FakeAlarms();
    const sweeper = alarmSweeper({ alarms });
    expect(alarms.listening).toBe(1);
    alarms.ring(alarm);
    const { context, sweep } = contextOf();
    sweeper.start(context);
    await settled();
    expect(sweep).toHaveBeenCalledTimes(1);
    alarms.ring(alarm);
    await settled();
    expect(sweep).toHaveBeenCalledTimes(2);
  });

  it('serves several stores, each by its own alarm', async () => {
    const alarms = new FakeAlarms();
    const sweeper = alarmSweeper({ alarms });
    const [shop, notes] = [contextOf('shop'), contextOf('notes')];
    for (const { context } of [shop, notes]) sweeper.start(context);
    await settled();
    alarms.ring('tabkeep:notes:sweep');
    await settled();
    expect(shop.sweep).toHaveBeenCalledTimes(1);
    expect(notes.sweep).toHaveBeenCalledTimes(2);
    expect(alarms.created).toEqual(['tabkeep:shop:sweep', 'tabkeep:notes:sweep']);
  });

  it('stops with its store, leaves the alarm to the next start, and goes on listening', async () => {
    const alarms = new FakeAlarms();
    const store = await openStore({
      name: 'shop',
      backend: memoryBackend(),
      sweeper: alarmSweeper({ alarms }),
      ttl: { idle: 1 },
    });
    const sweeping = vi.spyOn(store, 'sweep');
    await store.close();
    alarms.ring(alarm);
    await settled();
    expect(sweeping).not.toHaveBeenCalled();
    expect(alarms.set.has(alarm)).toBe(true);
    expect(alarms.listening).toBe(1);
  });

  it('R15: tells what the alarms refuse, and sweeps all the same', async () => {
    const alarms = new FakeAlarms();
    const { context, sweep, errors } = contextOf();
    const refused = new Error('refused');
    vi.spyOn(alarms, 'get').mockRejectedValueOnce(refused);
    vi.spyOn(alarms, 'create').mockRejectedValueOnce(refused);
    for (let start = 0; start < 2; start++) {
      alarmSweeper({ alarms }).start(context);
      await settled();
    }
    expect(errors).toEqual([
      ['sweep', refused],
      ['sweep', refused],
    ]);
    alarms.ring(alarm);
    await settled();
    expect(sweep).toHaveBeenCalledTimes(4);
  });

  it.each([0, -1, NaN, Infinity])('refuses a period of %s', (periodInMinutes) => {
    expect(() => alarmSweeper({ alarms: new FakeAlarms(), periodInMinutes })).toThrow(RangeError);
  });

  it('refuses a period that is no number', () => {
    const periodInMinutes = '1' as unknown as number;
    expect(() => alarmSweeper({ alarms: new FakeAlarms(), periodInMinutes })).toThrow(TypeError);
  });
});

describe('alarmSweeper finds the alarms', () => {
  it.each([
    ['browser', 'chrome'],
    ['chrome', 'browser'],
  ])('as %s.alarms, whatever %s is', async (known, other) => {
    const alarms = new FakeAlarms();
    vi.stubGlobal(other, { id: other });
    vi.stubGlobal(known, { alarms });
    alarmSweeper().start(contextOf().context);
    await settled();
    expect(alarms.created).toEqual([alarm]);
  });

  it('and has the worker started with the browser', () => {
    const onStartup = { addListener: vi.fn<(listener: () => void) => void>() };
    vi.stubGlobal('chrome', { alarms: new FakeAlarms(), runtime: { onStartup } });
    alarmSweeper();
    expect(onStartup.addListener).toHaveBeenCalledTimes(1);
    expect(onStartup.addListener.mock.calls[0]?.[0]).not.toThrow();
  });

  it.each([['nothing'], ['an extension without the permission', { runtime: {} }], ['null', null]])(
    'nowhere, where there is %s, and says what to do',
    (_, chrome?: unknown) => {
      vi.stubGlobal('chrome', chrome);
      expect(() => alarmSweeper()).toThrow(/permission "alarms"/);
      expect(() => alarmSweeper()).toThrow(TypeError);
    },
  );
});
