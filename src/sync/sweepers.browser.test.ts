import { describe, expect, it, vi } from 'vitest';
import type { SweeperContext } from '../ports.js';
import { intervalSweeper } from './sweepers.js';

function contextOf(name: string) {
  const sweep = vi.fn<() => Promise<number>>(async () => 0);
  const onError = vi.fn<SweeperContext['onError']>();
  return { name, shared: true, sweep, onError } satisfies SweeperContext;
}

/** Holds the lock that another tab holds while it sweeps. @returns lets go of it */
function sweepElsewhere(name: string): Promise<() => void> {
  return new Promise((granted, failed) => {
    navigator.locks
      .request(`tabkeep:${name}:sweep`, () => new Promise<void>((release) => granted(release)))
      .catch(failed);
  });
}

async function locksOf(name: string): Promise<number> {
  const { held = [], pending = [] } = await navigator.locks.query();
  return [...held, ...pending].filter((lock) => lock.name === `tabkeep:${name}:sweep`).length;
}

describe('intervalSweeper in a browser', () => {
  it('leaves a sweep out while another tab sweeps, and sweeps when it is woken', async () => {
    const name = crypto.randomUUID();
    const context = contextOf(name);
    const release = await sweepElsewhere(name);
    const stop = intervalSweeper().start(context);
    // Granted after the refusal of the sweeper, which asked first.
    await navigator.locks.request(`tabkeep:${name}:sweep`, { ifAvailable: true }, () => {});
    expect(context.sweep).not.toHaveBeenCalled();
    release();
    await vi.waitFor(async () => expect(await locksOf(name)).toBe(0));
    dispatchEvent(new Event('focus'));
    await vi.waitFor(() => expect(context.sweep).toHaveBeenCalledTimes(1));
    await stop();
    expect(await locksOf(name)).toBe(0);
    expect(context.onError).not.toHaveBeenCalled();
  });

  it('of two tabs only one sweeps at a time', async () => {
    const name = crypto.randomUUID();
    let sweeping = 0;
    let most = 0;
    const contexts = [contextOf(name), contextOf(name)];
    for (const { sweep } of contexts) {
      sweep.mockImplementation(async () => {
        most = Math.max(most, ++sweeping);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return --sweeping;
      });
    }
    const stops = contexts.map((context) => intervalSweeper({ every: 5 }).start(context));
    await vi.waitFor(() => {
      for (const { sweep } of contexts) expect(sweep).toHaveBeenCalled();
    }, 10_000);
    await Promise.all(stops.map((stop) => stop()));
    expect(most).toBe(1);
    expect(await locksOf(name)).toBe(0);
  });
});
