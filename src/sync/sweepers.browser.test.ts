import { describe, expect, it, vi } from 'vitest';
import type { SweeperContext } from '../ports.js';
import { intervalSweeper } from './sweepers.js';
import { openPackageChannel } from './channel.js';

function contextOf(name: string) {
  const sweep = vi.fn<SweeperContext['sweep']>(async () => 0);
  const onError = vi.fn<SweeperContext['onError']>();
  const context = { name, shared: true, sweep, onError, openChannel: openPackageChannel };
  return context satisfies SweeperContext;
}

async function locksOf(name: string): Promise<string[]> {
  const { held = [], pending = [] } = await navigator.locks.query();
  const names = [...held, ...pending].map((lock) => String(lock.name));
  return names.filter((lock) => lock.startsWith(`tabkeep:${name}:`));
}

describe('intervalSweeper in a browser', () => {
  it('leaves the sweeps to the tab that leads, and sweeps once that one stops', async () => {
    const name = crypto.randomUUID();
    const [first, second] = [contextOf(name), contextOf(name)];
    const stopFirst = intervalSweeper({ every: 20 }).start(first);
    await vi.waitFor(() => expect(first.sweep).toHaveBeenCalled());
    const stopSecond = intervalSweeper({ every: 20 }).start(second);
    const { length } = first.sweep.mock.calls;
    await vi.waitFor(() => expect(first.sweep.mock.calls.length).toBeGreaterThan(length + 5));
    expect(second.sweep).not.toHaveBeenCalled();
    await stopFirst();
    await vi.waitFor(() => expect(second.sweep).toHaveBeenCalled());
    await stopSecond();
    await vi.waitFor(async () => expect(await locksOf(name)).toEqual([]));
    for (const { onError } of [first, second]) expect(onError).not.toHaveBeenCalled();
  });

  it('of two tabs only one sweeps at a time, whichever leads', async () => {
    const name = crypto.randomUUID();
    let sweeping = 0;
    let most = 0;
    const context = contextOf(name);
    context.sweep.mockImplementation(async () => {
      most = Math.max(most, ++sweeping);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return --sweeping;
    });
    const start = (): (() => Promise<void>) => intervalSweeper({ every: 5 }).start(context);
    let [leads, follows] = [start(), start()];
    for (let turn = 1; turn <= 10; turn++) {
      const { length } = context.sweep.mock.calls;
      await vi.waitFor(() => expect(context.sweep.mock.calls.length).toBeGreaterThan(length), 5000);
      await leads();
      [leads, follows] = [follows, start()];
    }
    await Promise.all([leads(), follows()]);
    expect(most).toBe(1);
    await vi.waitFor(async () => expect(await locksOf(name)).toEqual([]));
    expect(context.onError).not.toHaveBeenCalled();
  });
});
