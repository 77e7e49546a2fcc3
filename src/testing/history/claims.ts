/** What is wrong with an outcome by itself, and between those who saw one version. */

import type { HistoryEvent } from './history.js';
import { writtenBy, type Evidence, type Sighting } from './evidence.js';
import { sessionOf } from './operations.js';
import type { Milliseconds } from '../../session.js';

/** What is wrong, before its operations are put into words. */
export interface Finding {
  readonly rule: string;
  readonly id: string;
  readonly what: string;
  readonly operations: readonly HistoryEvent[];
}

/** Outcomes that are wrong whatever else happened. */
export function claimsOf(events: readonly HistoryEvent[], tolerance: Milliseconds): Finding[] {
  return events.flatMap((event) =>
    faultsOf(event, tolerance).map(([rule, what]) => {
      return { rule, id: event.id, what, operations: [event] };
    }),
  );
}

/** Outcomes that agree on a version, and not on what is in it. */
export function disagreements(events: readonly HistoryEvent[], evidence: Evidence): Finding[] {
  return [...dataFaults(evidence.sightings), ...movedFaults(events, evidence)];
}

type Fault = readonly [rule: string, what: string];

function faultsOf(event: HistoryEvent, tolerance: Milliseconds): Fault[] {
  const { op, id, input, invoked, outcome } = event;
  const { expectedVersion } = input;
  const faults: Fault[] = [];
  const expect = (holds: boolean, rule: string, what: string): void => {
    if (!holds) faults.push([rule, what]);
  };
  const session = sessionOf(event);
  if (session) {
    const { version, expiresAt } = session;
    expect(Number.isSafeInteger(version) && version > 0, 'R1', 'a version that is none');
    const asked = op === 'rotate' ? input.successor : id;
    expect(session.id === asked, op === 'rotate' ? 'R5' : 'R9', 'another id than was asked for');
    if (op === 'load') {
      const isOver = expiresAt !== null && expiresAt + tolerance <= invoked.clock;
      expect(!isOver, 'R6', 'a session that had expired was read');
    }
    const isGiven = op !== 'load' && op !== 'touch' && input.data !== undefined;
    if (isGiven) expect(input.data === session.data, 'R12', 'other data than was given');
    if (op === 'update') expect(input.saw !== undefined, 'R2', 'a change whose function never ran');
    if (op === 'create')
      expect(version === 1 || input.replaceEnded === true, 'R1', 'a session that began late');
    if (op === 'update' || op === 'rotate')
      expect(version > 1, 'R1', 'a change that began a session');
    if (expectedVersion !== undefined)
      expect(version === expectedVersion + 1, 'R2', 'a write onto another version than was asked');
  }
  if (outcome?.kind === 'error' && outcome.code === 'VERSION_CONFLICT') {
    const { actual, successor } = outcome;
    const isOne = successor !== undefined || actual !== expectedVersion;
    expect(isOne, 'R2', 'a conflict where there was none');
  }
  if (outcome?.kind === 'error' && outcome.code === 'SESSION_ENDED')
    expect(!input.replaceEnded, 'R4', 'a new life was refused');
  return faults;
}

/** A version is made once, so all who saw it have seen the same. */
function dataFaults(sightings: readonly Sighting[]): Finding[] {
  const first = new Map<string, Sighting>();
  // Whoever made a version, if it was told, says what it is.
  const made = sightings.filter(isWriter);
  return [...made, ...sightings].flatMap((sighting): Finding[] => {
    const { id, version, data, event } = sighting;
    const key = `${version} ${id}`;
    const other = first.get(key) ?? sighting;
    first.set(key, other);
    if (other.data === data) return [];
    const rule = isWriter(sighting) || writtenBy(event) ? 'R2' : 'R9';
    const what = `version ${version} was ${other.data} to one, and ${data} to the other`;
    return [{ rule, id, what, operations: [other.event, event] }];
  });
}

function isWriter({ version, event }: Sighting): boolean {
  return writtenBy(event)?.version === version;
}

/** A rotation without new data moves that of the session. */
function movedFaults(events: readonly HistoryEvent[], evidence: Evidence): Finding[] {
  return events.flatMap((event): Finding[] => {
    const session = sessionOf(event);
    if (event.op !== 'rotate' || event.input.data !== undefined || !session) return [];
    const version = session.version - 1;
    const before = evidence.dataOf(event.id, version);
    if (before === undefined || before === session.data) return [];
    const seen = evidence.sightings.find(
      (each) => each.id === event.id && each.version === version,
    );
    const what = `the data was ${before} before the rotation, and ${session.data} after it`;
    return [{ rule: 'R5', id: event.id, what, operations: [seen!.event, event] }];
  });
}
