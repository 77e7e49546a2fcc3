import { describe, expect, it, vi } from 'vitest';
import type { SweeperContext } from '../ports.js';
import { fakeClock } from '../testing/fake-clock.js';
import { intervalSweeper } from './sweepers.js';
import { startSweeping, type Trigger } from './sweeping.js';

const day = 86_400_000;

function contextOf(overrides: Partial<SweeperContext> = {}) {
  const errors: unknown[] = [];
  const sweep = vi.fn<() => Promise<number>>(async () => 0);
  const context: SweeperContext = {
    name: 'shop',
    shared: true,
    sweep,
    onError: (error, { during }) => errors.push([during, error]),
    ...overrides,
  };
  return { context, sweep, errors };
}

/** A sweep that goes on until it is told to end. */
function slowSweep() {
  const ends: (() => void)[] = [];
  const sweep = vi.fn<() => Promise<number>>(
    () => new Promise((resolve) => ends.push(() => resolve(0))),
  );
  return { sweep, end: () => ends.shift()?.() };
}

describe('intervalSweeper', () => {
  it('R7: sweeps at the start and at each interval', async () => {
    const { context, sweep } = contextOf();
    const clock = fakeClock();
    intervalSweeper({ every: 1000, clock }).start(context);
    expect(sweep).toHaveBeenCalledTimes(1);
    await clock.advance(999);
    expect(sweep).toHaveBeenCalledTimes(1);
    await clock.advance(1);
    expect(sweep).toHaveBeenCalledTimes(2);
    await clock.advance(5000);
    expect(sweep).toHaveBeenCalledTimes(7);
  });

  it('sweeps every minute when nothing else is said', async () => {
    const { context, sweep } = contextOf();
    const clock = fakeClock();
    intervalSweeper({ clock }).start(context);
    await clock.advance(59_999);
    expect(sweep).toHaveBeenCalledTimes(1);
    await clock.advance(1);
    expect(sweep).toHaveBeenCalledTimes(2);
  });

  it('keeps intervals longer than a platform timer can be', async () => {
    const { context, sweep } = contextOf();
    const clock = fakeClock();
    intervalSweeper({ every: 30 * day, clock }).start(context);
    await clock.advance(30 * day - 1);
    expect(sweep).toHaveBeenCalledTimes(1);
    await clock.advance(1);
    expect(sweep).toHaveBeenCalledTimes(2);
  });

  it.each([0, -1, NaN, Infinity, 2 ** 53])('refuses every: %s', (every) => {
    expect(() => intervalSweeper({ every })).toThrow(RangeError);
  });

  it('refuses an interval that is no number', () => {
    expect(() => intervalSweeper({ every: '1000' as unknown as number })).toThrow(TypeError);
  });

  it('R7, R15: one failing sweep is reported, and the next still runs', async () => {
    const { context, sweep, errors } = contextOf();
    const clock = fakeClock();
    const failure = new Error('failure');
    sweep.mockRejectedValueOnce(failure).mockImplementationOnce(() => {
      throw failure;
    });
    intervalSweeper({ every: 1000, clock }).start(context);
    await clock.advance(0);
    await clock.advance(2000);
    expect(errors).toEqual([
      ['sweep', failure],
      ['sweep', failure],
    ]);
    expect(sweep).toHaveBeenCalledTimes(3);
  });

  it('never runs two sweeps at once', async () => {
    const { sweep, end } = slowSweep();
    const { context } = contextOf({ sweep });
    const clock = fakeClock();
    intervalSweeper({ every: 1000, clock }).start(context);
    await clock.advance(5000);
    expect(sweep).toHaveBeenCalledTimes(1);
    end();
    await clock.advance(0);
    await clock.advance(1000);
    expect(sweep).toHaveBeenCalledTimes(2);
  });

  it('stops, and waits for a sweep under way', async () => {
    const { sweep, end } = slowSweep();
    const { context } = contextOf({ sweep });
    const clock = fakeClock();
    const stop = intervalSweeper({ every: 1000, clock }).start(context);
    let stopped = false;
    const stopping = stop().then(() => (stopped = true));
    await clock.advance(5000);
    expect(stopped).toBe(false);
    expect(clock.waiting).toBe(0);
    end();
    await stopping;
    expect(sweep).toHaveBeenCalledTimes(1);
  });
});

describe('startSweeping', () => {
  it('sweeps when a trigger says so, and stops every trigger', async () => {
    const { context, sweep } = contextOf();
    let due = (): void => {};
    const stopTrigger = vi.fn<() => void>();
    const trigger: Trigger = (sweepNow) => {
      due = sweepNow;
      return stopTrigger;
    };
    const stop = startSweeping(context, [trigger], undefined);
    expect(sweep).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => {
      due();
      expect(sweep).toHaveBeenCalledTimes(2);
    });
    await stop();
    expect(stopTrigger).toHaveBeenCalledTimes(1);
  });

  it('leaves out what another tab is just doing', async () => {
    const { context, sweep, errors } = contextOf();
    let holder: unknown = {};
    const asked: unknown[] = [];
    const request = async (name: string, options: object, work: (lock: unknown) => unknown) => {
      asked.push([name, options]);
      return work(holder === undefined ? { name } : null);
    };
    let due = (): void => {};
    const stop = startSweeping(context, [(sweepNow) => ((due = sweepNow), () => {})], {
      request,
    } as unknown as LockManager);
    await vi.waitFor(() => expect(asked).toEqual([['tabkeep:shop:sweep', { ifAvailable: true }]]));
    expect(sweep).not.toHaveBeenCalled();
    holder = undefined;
    await vi.waitFor(() => {
      due();
      expect(sweep).toHaveBeenCalledTimes(1);
    });
    await stop();
    expect(errors).toEqual([]);
  });

  it('asks nobody where the records are its own', async () => {
    const { context, sweep } = contextOf({ shared: false });
    const request = vi.fn<() => Promise<never>>();
    const stop = startSweeping(context, [], { request });
    expect(sweep).toHaveBeenCalledTimes(1);
    expect(request).not.toHaveBeenCalled();
    await stop();
  });

  it('R15: reports a lock that is refused', async () => {
    const { context, errors } = contextOf();
    const refused = new DOMException('refused', 'SecurityError');
    const request = () => Promise.reject(refused);
    await startSweeping(context, [], { request })();
    expect(errors).toEqual([['sweep', refused]]);
  });
});
