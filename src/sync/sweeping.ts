/** When to sweep, and by whom: what every sweeper shares. */

import { lockManager } from '../environment.js';
import type { SweeperContext } from '../ports.js';

/** Says when it is time. @returns stops it */
export type Trigger = (due: () => void) => () => void;

/**
 * Sweeps now, and whenever a trigger says so. Of the tabs that share the records one sweeps at a time: what another tab is
 * just doing is left out here. That only saves work; a sweep is right without it, since each end is decided in its
 * transaction (R7).
 *
 * @returns stops it, and settles when a sweep under way has ended
 */
export function startSweeping(
  context: SweeperContext,
  triggers: readonly Trigger[],
  locks: Pick<LockManager, 'request'> | undefined = lockManager(),
): () => Promise<void> {
  const sweepAlone = async (): Promise<void> => {
    if (!context.shared || locks === undefined) {
      await context.sweep();
      return;
    }
    await locks.request(`tabkeep:${context.name}:sweep`, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await context.sweep();
    });
  };

  let running: Promise<void> | undefined;
  const sweep = (): void => {
    running ??= sweepAlone()
      .catch((error: unknown) => context.onError(error, { during: 'sweep' }))
      .finally(() => {
        running = undefined;
      });
  };

  const stops = triggers.map((trigger) => trigger(sweep));
  sweep();
  return async () => {
    for (const stop of stops) stop();
    await running;
  };
}
