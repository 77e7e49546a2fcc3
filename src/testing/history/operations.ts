/** What each event says about the sessions it concerns: what its operation found there, and what it left. */

import type { HistoryEvent, HistoryOutcome, HistorySession } from './history.js';

/** How an id stands at one point of the one order; `undefined`: there never was a session of that id. */
export type Standing =
  | {
      readonly alive: boolean;
      readonly version: number;
      /** Of an ended one: where it was rotated to; `null`: nowhere. */
      readonly successor: string | null;
    }
  | undefined;

/** What an operation found under an id. An absent part may be anything. */
interface Found {
  readonly is: 'absent' | 'present' | 'alive' | 'ended' | 'gone' | 'anything';
  readonly version?: number | undefined;
  readonly successor?: string | null | undefined;
}

/** What an operation found under one id, and how it left it; without `leaves` as it was. */
export interface Effect {
  readonly id: string;
  readonly found: Found;
  /** @param version - that was found by the first effect of the step, for a session that moves to another id */
  readonly leaves?: ((found: Standing, version: number) => Standing) | undefined;
}

/** All that happens at once. */
export type Step = readonly Effect[];

/** An event as the search sees it. */
export interface Operation {
  readonly event: HistoryEvent;
  readonly from: number;
  /** `Infinity` where its outcome is not known. */
  readonly until: number;
  /** One of these happened. */
  readonly steps: readonly Step[];
  /** Whether it happened at all. */
  readonly isCertain: boolean;
}

const isAbsent: Found = { is: 'absent' };
const isGone: Found = { is: 'gone' };

const aliveAt = (version?: number): Found => ({ is: 'alive', version });

const living = (version: number) => (): Standing => ({ alive: true, version, successor: null });

const over =
  (successor: string | null = null) =>
  (found: Standing): Standing =>
    found && { alive: false, version: found.version, successor };

/** The refusals that come from what was found. Any other error of a write leaves open what has happened. */
const refusals = ['VERSION_CONFLICT', 'SESSION_ENDED', 'SESSION_NOT_FOUND', 'ID_COLLISION'];

/** Errors by which nothing has happened, and which tell nothing. */
const rejections = ['INVALID_ID', 'INVALID_DATA', 'ENCODE_FAILED', 'SCHEMA_TOO_NEW'];

/** The session that an operation returned. */
export function sessionOf({ outcome }: HistoryEvent): HistorySession | undefined {
  return outcome?.kind === 'session' ? outcome.session : undefined;
}

/** Whether an operation only looks: the loads whose age `reads: 'ordered'` excuses. */
export function isLoad({ op }: HistoryEvent): boolean {
  return op === 'load';
}

/** Every operation that matters; several where one ends each of several sessions. */
export function operationsOf(events: readonly HistoryEvent[]): Operation[] {
  const ids = idsOf(events);
  return events.flatMap((event): Operation[] => {
    const { op, invoked, returned, outcome } = event;
    const make = (steps: readonly Step[], isCertain: boolean, until = Infinity): Operation => {
      return { event, from: invoked.at, until, steps, isCertain };
    };
    const ended = ids.filter((each) => each !== event.input.except);
    if (op === 'endAll') {
      // Which sessions were the owner's is not recorded, so it may have ended each of them.
      const until = returned && outcome?.kind === 'done' ? returned.at : Infinity;
      return ended.map((each) => make([[endOf(each, 'alive')]], false, until));
    }
    if (op === 'clear') {
      const isCertain = outcome?.kind === 'done';
      const step = ended.map((each) => endOf(each, 'anything'));
      return [make([step], isCertain, isCertain ? returned!.at : Infinity)];
    }
    const certain = outcome && certainStep(event, outcome);
    if (certain) return certain.length === 0 ? [] : [make([certain], true, returned!.at)];
    const possible = possibleSteps(event);
    return possible.length === 0 ? [] : [make(possible, false)];
  });
}

function endOf(id: string, is: 'alive' | 'anything'): Effect {
  return { id, found: { is }, leaves: (found) => (found?.alive ? over()(found) : found) };
}

function idsOf(events: readonly HistoryEvent[]): string[] {
  const ids = events.flatMap(({ id, input }) => [id, input.successor ?? '']);
  return [...new Set(ids)].filter((id) => id !== '');
}

/** `undefined` where the outcome does not tell what happened; empty where nothing did. */
function certainStep(event: HistoryEvent, outcome: HistoryOutcome): Step | undefined {
  const { op, id } = event;
  switch (outcome.kind) {
    case 'session':
      return wrote(event, outcome.session.version);
    case 'absent':
      return [{ id, found: op === 'touch' ? isAbsent : isGone }];
    case 'ended':
      return outcome.was
        ? [{ id, found: aliveAt(event.input.expectedVersion), leaves: over() }]
        : [{ id, found: isGone }];
    case 'done':
      return [];
    case 'error':
      if (refusals.includes(outcome.code)) return refused(event, outcome);
      return rejections.includes(outcome.code) ? [] : undefined;
  }
}

function wrote({ op, id, input }: HistoryEvent, version: number): Step {
  const before = version - 1;
  switch (op) {
    case 'create': {
      const found: Found = version === 1 ? isAbsent : { is: 'ended', version: before };
      return [{ id, found, leaves: living(version) }];
    }
    case 'rotate':
      return [
        { id, found: aliveAt(before), leaves: over(input.successor) },
        { id: input.successor!, found: isAbsent, leaves: living(version) },
      ];
    case 'save':
    case 'saveIfVersion':
      return [{ id, found: version === 1 ? isAbsent : aliveAt(before), leaves: living(version) }];
    case 'update':
      return [{ id, found: aliveAt(before), leaves: living(version) }];
    default:
      return [{ id, found: aliveAt(version) }];
  }
}

function refused(
  { op, id, input }: HistoryEvent,
  { code, actual, successor }: HistoryOutcome & { kind: 'error' },
): Step {
  switch (code) {
    case 'SESSION_NOT_FOUND':
      return [{ id, found: isAbsent }];
    case 'SESSION_ENDED':
      return [{ id, found: { is: 'ended', version: actual, successor: successor ?? null } }];
    case 'ID_COLLISION':
      return op === 'rotate'
        ? [
            { id, found: aliveAt(input.expectedVersion) },
            { id: input.successor!, found: { is: 'present' } },
          ]
        : [{ id, found: aliveAt() }];
    default:
      if (successor !== undefined)
        return [{ id, found: { is: 'ended', version: actual, successor } }];
      return [{ id, found: actual === 0 ? isAbsent : aliveAt(actual) }];
  }
}

/** What an operation without outcome may have done: one of several steps, or none. */
function possibleSteps({ op, id, input }: HistoryEvent): Step[] {
  const { expectedVersion, replaceEnded, successor } = input;
  const born: Effect = { id, found: isAbsent, leaves: living(1) };
  const written = (version?: number): Effect => ({ id, found: aliveAt(version), leaves: oneMore });
  switch (op) {
    case 'create':
      return replaceEnded ? [[born], [{ id, found: { is: 'ended' }, leaves: oneMore }]] : [[born]];
    case 'save':
      return [[born], [written()]];
    case 'saveIfVersion':
      return [[expectedVersion === 0 ? born : written(expectedVersion)]];
    case 'update':
      return [[written()]];
    case 'rotate':
      return [
        [
          { id, found: aliveAt(expectedVersion), leaves: over(successor) },
          {
            id: successor!,
            found: isAbsent,
            leaves: (_, version) => ({ alive: true, version: version + 1, successor: null }),
          },
        ],
      ];
    case 'delete':
      return [[{ id, found: aliveAt(expectedVersion), leaves: over() }]];
    default:
      return [];
  }
}

function oneMore(found: Standing): Standing {
  return { alive: true, version: (found?.version ?? 0) + 1, successor: null };
}
