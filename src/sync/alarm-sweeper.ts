/** Sweeps by the alarms of a browser extension, whose worker no timer outlives. */

import { extensionApi } from '../environment.js';
import type { Sweeper, SweeperContext } from '../ports.js';
import { startSweeping, type Trigger } from './sweeping.js';
import { onWake } from './wake.js';

/** The part of `chrome.alarms` and `browser.alarms` that {@link alarmSweeper} uses; both fit as they are. */
export interface AlarmsApi {
  get(name: string): Promise<{ readonly periodInMinutes?: number | undefined } | null | undefined>;
  create(name: string, info: { periodInMinutes: number }): unknown;
  readonly onAlarm: {
    addListener(listener: (alarm: { readonly name: string }) => void): void;
  };
}

/** Options of {@link alarmSweeper}. */
export interface AlarmSweeperOptions {
  /**
   * Minutes between two alarms; default 1. Fractions are fine. Chromium stretches what is below 0.5, except for an
   * extension that was loaded unpacked.
   */
  readonly periodInMinutes?: number | undefined;
  /** Default: `browser.alarms`, else `chrome.alarms`. */
  readonly alarms?: AlarmsApi | undefined;
}

/** What an extension has besides. */
interface ExtensionApi {
  readonly alarms?: AlarmsApi;
  readonly runtime?: { readonly onStartup?: { addListener(listener: () => void): void } };
}

/**
 * Sweeps in a browser extension: when the store opens, at each alarm, and when a page is shown, focused, resumed or online
 * again. In a service worker or an event page take this instead of {@link intervalSweeper}: the browser stops both after
 * 30 seconds without work, timers and all, and an alarm starts them again. The extension needs the permission `alarms`.
 *
 * Call it at the top level of the worker, before anything is awaited: it registers listeners at once, and the browser wakes
 * a worker for those only that were there in its first turn. The alarm that wakes it rings before the store is open; the
 * sweep at the opening answers it. With the browser itself the worker starts too, since an alarm may not survive the
 * restart.
 *
 * Units:       minutes, since the platform counts them
 * Concurrency: of several contexts of the extension one sweeps at a time; a sweep that is cut off goes on at the next alarm
 * Durability:  the alarm is looked for at each opening, and created where it is missing or has another period. It is called
 *              `tabkeep:NAME:sweep` after the store, and stays when the store is closed: another context may need it, and
 *              the next start of the worker does
 * Errors:      what the alarms refuse goes to `onError`, with `during: 'sweep'` (R15)
 *
 * @throws TypeError where there are no alarms, or `periodInMinutes` is no number; RangeError when it is not above 0 and
 *   finite
 * @see https://developer.chrome.com/docs/extensions/reference/api/alarms
 * @see https://developer.chrome.com/docs/extensions/develop/concepts/service-workers/events
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
 * import { tabSync } from 'tabkeep/sync';
 * import { alarmSweeper } from 'tabkeep/sync/sweepers';
 *
 * const store = await openStore({
 *   name: 'extension',
 *   backend: indexedDBBackend(),
 *   sync: tabSync(),
 *   sweeper: alarmSweeper({ periodInMinutes: 5 }),
 *   ttl: { idle: 30 * 60_000 },
 * });
 * ```
 */
export function alarmSweeper(options: AlarmSweeperOptions = {}): Sweeper {
  const { periodInMinutes = 1 } = options;
  checkPeriod(periodInMinutes);
  const extension = extensionApi() as ExtensionApi | undefined;
  const alarms = options.alarms ?? extension?.alarms;
  if (alarms === undefined) {
    throw new TypeError(
      'alarmSweeper() found no alarms: it is for an extension with the permission "alarms". In a page use intervalSweeper().',
    );
  }

  const rung = new Set<(name: string) => void>();
  // Never removed again: that would tell the browser not to wake the worker any more.
  alarms.onAlarm.addListener(({ name }) => {
    for (const ring of rung) ring(name);
  });
  // Does nothing, and has the worker started with the browser.
  extension?.runtime?.onStartup?.addListener(() => {});

  const onAlarm =
    ({ name, onError }: SweeperContext): Trigger =>
    (due) => {
      const alarm = `tabkeep:${name}:sweep`;
      const ring = (which: string): void => {
        if (which === alarm) due();
      };
      rung.add(ring);
      setAlarm(alarms, alarm, periodInMinutes).catch((error: unknown) =>
        onError(error, { during: 'sweep' }),
      );
      return () => rung.delete(ring);
    };
  return { start: (context) => startSweeping(context, [onAlarm(context), (due) => onWake(due)]) };
}

/** Leaves an alarm that is right alone: to create it anew would put it off, at each start of the worker. */
async function setAlarm(alarms: AlarmsApi, name: string, periodInMinutes: number): Promise<void> {
  const alarm = await alarms.get(name);
  if (alarm?.periodInMinutes !== periodInMinutes) await alarms.create(name, { periodInMinutes });
}

function checkPeriod(minutes: unknown): void {
  if (typeof minutes !== 'number') throw new TypeError('periodInMinutes must be a number');
  if (minutes > 0 && minutes < Infinity) return;
  throw new RangeError(`periodInMinutes must be above 0 and finite, not ${minutes}`);
}
