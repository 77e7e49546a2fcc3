/** The conformance kit: every rule of docs/rules.md, put to a backend. */

import { atomicity } from './cases/atomicity.js';
import { carriedData } from './cases/carried-data.js';
import { clearing } from './cases/clearing.js';
import { creation } from './cases/creation.js';
import { currentSessions } from './cases/current.js';
import { failedReads, unreadables } from './cases/damage.js';
import { lives } from './cases/endings.js';
import { expiry } from './cases/expiry.js';
import { failures } from './cases/failures.js';
import { liveSessions } from './cases/live-sessions.js';
import { messages } from './cases/messages.js';
import { misuse } from './cases/misuse.js';
import { namespaces } from './cases/namespaces.js';
import { order } from './cases/order.js';
import { owners } from './cases/owners.js';
import { places } from './cases/places.js';
import { resets } from './cases/resets.js';
import { rotation } from './cases/rotation.js';
import { scans } from './cases/scans.js';
import { schemas } from './cases/schema.js';
import { strangers } from './cases/strangers.js';
import { sweeping } from './cases/sweeping.js';
import { transactions } from './cases/transactions.js';
import { versions } from './cases/versions.js';
import type {
  ConformanceException,
  ConformanceOptions,
  PlaceFactory,
  TestRunner,
} from './runner.js';
import { Trial, type Define } from './trial.js';

const groups: Record<string, (define: Define) => void> = {
  'a place': places,
  'Backend.transact': transactions,
  'Backend.scan and listIds': scans,
  'Backend.clear, open and close': clearing,
  'versions (R1, R2)': versions,
  'creation (R3)': creation,
  'what is refused': misuse,
  'endings (R4)': lives,
  'rotation (R5)': rotation,
  'expiry (R6)': expiry,
  'sweeps (R7)': sweeping,
  'damage (R8)': unreadables,
  'failing reads (R8)': failedReads,
  'order (R9)': order,
  'all or nothing (R10)': atomicity,
  'messages (R11)': messages,
  'messages of strangers (R11)': strangers,
  'carried data (R12)': carriedData,
  'schemas (R13)': schemas,
  'namespaces (R14)': namespaces,
  'failures (R15)': failures,
  'resets (R16)': resets,
  'current()': currentSessions,
  'live sessions': liveSessions,
  owners,
};

/**
 * Puts a backend to every rule of tabkeep, alone and under a store, with two tabs wherever a rule speaks of others. Time is
 * simulated and faults are injected, so a run takes no longer than its commits. Where `capabilities` promises less, the
 * cases assert the lesser behaviour that is documented, and leave nothing out.
 *
 * @param runner - `describe`, `test` and `expect` of vitest, Jest or Bun. For `node:test` give those of `node:test` and
 *   `(actual) => ({ toBe: (it) => assert.strictEqual(actual, it), toEqual: (it) => assert.deepStrictEqual(actual, it) })`
 * @param factory - makes a fresh {@link Place} for every case
 * @param options - {@link ConformanceOptions}
 * @throws RangeError when an exception gives no reason, or names a case that there is not
 * @example
 * ```ts
 * import { describe, expect, test } from 'vitest';
 * import { memoryBackend } from 'tabkeep/stores/memory';
 * import { conformance } from 'tabkeep/testing';
 *
 * conformance({ describe, test, expect }, () => ({ backend: memoryBackend, dispose() {} }));
 * ```
 */
export function conformance(
  runner: TestRunner,
  factory: PlaceFactory,
  { title = 'conformance', exceptions = [] }: ConformanceOptions = {},
): void {
  const excused = reasonsByTitle(exceptions);
  const known = new Set(Object.values(groups).flatMap((addCases) => titlesOf(addCases)));
  runner.describe(title, () => {
    for (const [group, addCases] of Object.entries(groups)) {
      runner.describe(group, () => {
        addCases((name, body) => {
          const reason = excused.get(name);
          if (reason === undefined) runner.test(name, () => Trial.run(runner, factory, body));
          else runner.test(`${name} (excused: ${reason})`, () => mustFail(runner, factory, body));
        });
      });
    }
  });
  for (const name of excused.keys()) {
    if (!known.has(name))
      throw new RangeError(`There is no case "${name}" to make an exception of.`);
  }
}

function titlesOf(addCases: (define: Define) => void): string[] {
  const titles: string[] = [];
  addCases((title) => titles.push(title));
  return titles;
}

function reasonsByTitle(exceptions: readonly ConformanceException[]): Map<string, string> {
  return new Map(
    exceptions.flatMap(({ reason, cases }) => {
      if (reason === '') throw new RangeError('An exception needs a reason.');
      return cases.map((name) => [name, reason] as const);
    }),
  );
}

/** An exception that is no longer needed must go. */
async function mustFail(...of: Parameters<typeof Trial.run>): Promise<void> {
  const passed = await Trial.run(...of).then(
    () => true,
    () => false,
  );
  if (passed) throw new RangeError('This case passes: the exception is not needed.');
}
