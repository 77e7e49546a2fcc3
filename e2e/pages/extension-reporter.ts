/**
 * Runs beside the worker of the demo extension and reports to the test: nobody can look into a Firefox extension from
 * outside. The first time it puts on a pot; then it tells what lies in IndexedDB, as long as the browser lets it.
 */

import { cupsInPot, openPots } from '../../demo/extension/kitchen.js';
import { entriesOf, rowsOf, type Row } from '../raw-rows.js';

// Set by the test: the address of its server.
declare const REPORT_TO: string;

export interface Report {
  /** What the worker has complained of. */
  readonly errors: readonly string[];
  readonly pots: readonly Row[];
  readonly entries: ReturnType<typeof entriesOf>;
}

const errors: string[] = [];
console.error = (...words) => errors.push(words.map(String).join(' '));

await putOnTheFirst();
setInterval(() => void report(), 250);

async function putOnTheFirst(): Promise<void> {
  if ((await rowsOf('leaf-and-kettle')).length > 0) return;
  const pots = await openPots();
  await pots.create({ tea: 'sencha', cups: cupsInPot });
  await pots.close();
}

/** Asks nothing of the extension's own API: the page that does is not idle, and would not be stopped. */
async function report(): Promise<void> {
  const pots = await rowsOf('leaf-and-kettle');
  const entries = entriesOf(await rowsOf('leaf-and-kettle-log'));
  const body: Report = { errors, pots, entries };
  await fetch(REPORT_TO, { method: 'POST', body: JSON.stringify(body) });
}
