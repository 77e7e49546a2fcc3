import { describe, expect, it, vi } from 'vitest';
import { SessionError } from '../errors.js';
import type { SweeperContext } from '../ports.js';
import { nextTurn } from '../environment.js';
import { fakeClock } from '../testing/fake-clock.js';
import { simulateOrigin } from '../testing/simulated-origin.js';
import { intervalSweeper } from './sweepers.js';
import { startSweeping, type Trigger } from './sweeping.js';

const day = 86_400_000;

function contextOf(overrides: Partial<SweeperContext> = {}) {
  const errors: unknown[] = [];
  const sweep = vi.fn<SweeperContext['sweep']>(async () => 0);
  const context: SweeperContext = {
    name: 'shop',
    // Its triggers are tested here; who sweeps of several tabs, below.
    shared: false,
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
    const stop = startSweeping(context, [trigger]);
    expect(sweep).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => {
      due();
      expect(sweep).toHaveBeenCalledTimes(2);
    });
    await stop();
    expect(stopTrigger).toHaveBeenCalledTimes(1);
  });

  it('sweeps in one of two tabs, with the lead in hand, and in the other once that one stops', async () => {
    const origin = simulateOrigin();
    const [first, second] = [contextOf({ shared: true }), contextOf({ shared: true })];
    const stopFirst = startSweeping(first.context, [], { locks: origin.openTab().locks });
    await vi.waitFor(() => expect(first.sweep).toHaveBeenCalledTimes(1));
    expect(first.sweep.mock.lastCall).toMatchObject([{ epoch: expect.any(Number) }]);
    const stopSecond = startSweeping(second.context, [], { locks: origin.openTab().locks });
    await origin.openTab().locks.query();
    expect(second.sweep).not.toHaveBeenCalled();
    await stopFirst();
    await vi.waitFor(() => expect(second.sweep).toHaveBeenCalledTimes(1));
    await stopSecond();
    expect([...first.errors, ...second.errors]).toEqual([]);
  });

  it('R7: a long sweep ends before its next page when it is stopped, and that is no failure', async () => {
    const { sweep, context, errors } = contextOf({ shared: true });
    let pages = 0;
    sweep.mockImplementation(async (lead) => {
      for (; ; pages++) {
        await lead?.confirm();
        lead?.check();
      }
    });
    const stop = startSweeping(context, [], { locks: simulateOrigin().openTab().locks });
    await vi.waitFor(() => expect(pages).toBeGreaterThan(1));
    await stop();
    const done = pages;
    await nextTurn();
    expect(pages).toBe(done);
    expect(errors).toEqual([]);
  });

  it('R15: a sweep of the leader that is slower than its lease is tried once more, and then reported', async () => {
    const late = new SessionError('ABORTED', 'slower than its lease');
    const { sweep, context, errors } = contextOf({ shared: true });
    sweep.mockRejectedValue(late);
    const stop = startSweeping(context, [], { locks: simulateOrigin().openTab().locks });
    await vi.waitFor(() => expect(errors).toEqual([['sweep', late]]));
    expect(sweep).toHaveBeenCalledTimes(2);
    await stop();
  });

  it('leaves the lead to others when its records are no longer shared', async () => {
    const origin = simulateOrigin();
    let shared = true;
    let due = (): void => {};
    const trigger: Trigger = (sweepNow) => ((due = sweepNow), () => {});
    const { context, sweep } = contextOf();
    const changing = {
      ...context,
      get shared() {
        return shared;
      },
    };
    const stop = startSweeping(changing, [trigger], { locks: origin.openTab().locks });
    await vi.waitFor(() => expect(sweep).toHaveBeenCalledTimes(1));
    shared = false;
    await vi.waitFor(() => {
      due();
      expect(sweep).toHaveBeenLastCalledWith(undefined);
    });
    const { locks } = origin.openTab();
    await locks.request('tabkeep:shop:leader', () => {});
    await stop();
  });

  it('asks nobody where the records are its own', async () => {
    const { context, sweep } = contextOf({ shared: false });
    const request = vi.fn<() => Promise<never>>();
    const stop = startSweeping(context, [], { locks: { request, query: request } });
    expect(sweep).toHaveBeenCalledTimes(1);
    expect(request).not.toHaveBeenCalled();
    await stop();
  });

  it('R15: reports a lock that is refused, and asks again at the next trigger', async () => {
    const { context, errors } = contextOf({ shared: true });
    const refused = new DOMException('refused', 'SecurityError');
    const request = vi.fn<() => Promise<never>>(() => Promise.reject(refused));
    let due = (): void => {};
    const trigger: Trigger = (sweepNow) => ((due = sweepNow), () => {});
    const stop = startSweeping(context, [trigger], { locks: { request, query: request } });
    await vi.waitFor(() => expect(errors).toEqual([['sweep', refused]]));
    expect(request).toHaveBeenCalledTimes(1);
    due();
    await vi.waitFor(() => expect(errors).toHaveLength(2));
    await stop();
  });
});
