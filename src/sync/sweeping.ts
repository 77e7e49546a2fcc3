/** When to sweep, and by whom: what every sweeper shares. */

import { lockManager } from '../environment.js';
import { isSessionError } from '../errors.js';
import type { Lead, SweeperContext } from '../ports.js';
import { electLeader, type Election, type ElectionOptions } from './leader.js';

/** Says when it is time. @returns stops it */
export type Trigger = (due: () => void) => () => void;

/** What the leader is elected with; absent: what the browser has. */
export type Surroundings = Partial<Pick<ElectionOptions, 'locks' | 'page' | 'clock' | 'elapsed'>>;

/**
 * Sweeps now, and whenever a trigger says so. Of the tabs that share the records the one that leads does it; a trigger in
 * another makes sure that there is one. That only saves work; a sweep is right without it, since each end is decided in
 * its transaction (R7). Where there are no Web Locks each tab sweeps for itself.
 *
 * @returns stops it, and settles when a sweep under way has ended; one that was led ends before its next page
 */
export function startSweeping(
  context: SweeperContext,
  triggers: readonly Trigger[],
  { locks = lockManager(), ...surroundings }: Surroundings = {},
): () => Promise<void> {
  const failed = (error: unknown): void => context.onError(error, { during: 'sweep' });
  let election: Election | undefined;
  let running: Promise<void> | undefined;

  const sweepOnce = async (lead?: Lead, isAgain = false): Promise<void> => {
    try {
      // A tab that was stopped, and robbed meanwhile, would at least look for work before its first page is refused.
      if (lead) await lead.confirm();
      await context.sweep(lead);
    } catch (error) {
      if (!(lead && isSessionError(error, 'ABORTED'))) return failed(error);
      // Cut off between two pages: whoever leads by now goes on with it at the next trigger.
      if (!(await stillLeads(lead))) return;
      // It was only slower than its lease. A store that always is must not go unswept in silence.
      if (isAgain) failed(error);
      else await sweepOnce(lead, true);
    }
  };

  const sweep = (): void => {
    if (!context.shared || locks === undefined) {
      void election?.close();
      election = undefined;
      running ??= sweepOnce().finally(() => (running = undefined));
      return;
    }
    election ??= electLeader({
      ...surroundings,
      name: context.name,
      locks,
      openChannel: context.openChannel,
      onLead: sweep,
      onError: failed,
    });
    running ??= election.run((lead) => sweepOnce(lead)).finally(() => (running = undefined));
  };

  const stops = triggers.map((trigger) => trigger(sweep));
  sweep();
  return async () => {
    for (const stop of stops) stop();
    await election?.close();
    await running;
  };
}

async function stillLeads(lead: Lead): Promise<boolean> {
  try {
    await lead.confirm();
    return true;
  } catch {
    return false;
  }
}
