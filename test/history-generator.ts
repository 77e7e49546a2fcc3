// Small random histories, most of them possible, many of them not.

import type { HistoryEvent, HistoryInput, HistoryOperation } from '../src/testing/index.js';
import { play, type World } from './history-referee.js';

type Random = (below: number) => number;
type Growing = { -readonly [Key in keyof HistoryEvent]: HistoryEvent[Key] };

/** The same numbers for the same seed. */
export function randomFrom(seed: number): Random {
  let state = seed + 1;
  const next = (): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  next();
  return (below) => Math.floor(next() * below);
}

const wishes: readonly HistoryOperation[] = [
  ...(['create', 'load', 'load', 'load', 'save', 'saveIfVersion', 'saveIfVersion'] as const),
  ...(['update', 'update', 'rotate', 'rotate', 'touch', 'delete', 'clear'] as const),
];

/** Several clients at work on one or two sessions, each operation taking effect at some moment between its two ends. */
export function possibleHistory(random: Random, count: number): HistoryEvent[] {
  const clients = ['a', 'b', 'c'].slice(0, 1 + random(3));
  const ids = ['x', 'y'].slice(0, 1 + random(2));
  const events: Growing[] = [];
  const running = new Map<string, { readonly event: Growing; isPlayed: boolean }>();
  let world: World = new Map();
  let time = 0;
  const moment = () => ({ at: ++time, tick: time, clock: time });
  while (events.length < count || running.size > 0) {
    const client = clients[random(clients.length)]!;
    const work = running.get(client);
    if (work === undefined) {
      if (events.length === count) continue;
      const op = events.length === 0 ? 'create' : wishes[random(wishes.length)]!;
      const input = inputOf(op, random, events.length);
      const id = op === 'clear' ? '' : ids[random(ids.length)]!;
      const event: Growing = {
        client,
        number: events.length,
        op,
        id,
        input,
        invoked: moment(),
        returned: null,
        outcome: null,
      };
      events.push(event);
      running.set(client, { event, isPlayed: false });
    } else if (!work.isPlayed) {
      const { event } = work;
      // The draft of an update is what is there, as the store would give it.
      const draft = world.get(event.id)?.data;
      if (event.op === 'update' && draft !== undefined)
        event.input = { ...event.input, saw: draft, data: `${draft}+` };
      const [outcome, after] = play(world, event);
      event.outcome = outcome;
      world = after;
      work.isPlayed = true;
      if (random(25) === 0) forget(event);
    } else {
      if (work.event.outcome !== null) work.event.returned = moment();
      running.delete(client);
    }
  }
  return events;
}

function inputOf(op: HistoryOperation, random: Random, number: number): HistoryInput {
  const data = `${random(3) === 0 ? 'same' : number}`;
  switch (op) {
    case 'create':
      return { data, replaceEnded: random(2) === 0 };
    case 'save':
      return { data };
    case 'saveIfVersion':
      return { data, expectedVersion: random(4) };
    case 'update':
      return { runs: 1 };
    case 'rotate': {
      const expectedVersion = random(2) === 0 ? undefined : 1 + random(3);
      return {
        successor: ['y', 'z'][random(2)],
        expectedVersion,
        data: random(2) ? data : undefined,
      };
    }
    case 'delete':
      return { expectedVersion: random(2) === 0 ? undefined : 1 + random(3) };
    default:
      return {};
  }
}

function forget(event: Growing): void {
  // What an update has written that never got to see anything, nobody can say.
  if (event.op === 'update' && event.input.saw === undefined) return;
  event.returned = null;
  event.outcome = null;
}

/** A history with one thing in it changed, which may make it impossible. */
export function mutated(history: readonly HistoryEvent[], random: Random): HistoryEvent[] {
  const events: Growing[] = structuredClone([...history]);
  const one = events[random(events.length)]!;
  const other = events[random(events.length)]!;
  switch (random(6)) {
    case 0: // A version too many or too few.
      if (one.outcome?.kind === 'session') {
        const { session } = one.outcome;
        const version = session.version + (random(2) ? 1 : -1);
        one.outcome = { kind: 'session', session: { ...session, version } };
      }
      break;
    case 1: // Another's answer.
      if (one.op === other.op && one.returned && other.returned)
        [one.outcome, other.outcome] = [other.outcome, one.outcome];
      break;
    case 2: // A read that finds nothing.
      if (one.op === 'load' && one.returned) one.outcome = { kind: 'absent' };
      break;
    case 3: // An answer that never came, or should not have come.
      if (random(2)) forget(one);
      else if (one.op === 'delete' && one.outcome?.kind === 'ended')
        one.outcome = { kind: 'ended', was: !one.outcome.was };
      break;
    case 4: // Of two at the same time, one first.
      if (one.returned && one.client !== other.client) {
        const at = Math.min(one.returned.at, other.invoked.at - 0.5);
        if (at > one.invoked.at) one.returned = { ...one.returned, at };
      }
      break;
    default: // A write that nobody made.
      return events.filter((each) => each !== one);
  }
  return events;
}
