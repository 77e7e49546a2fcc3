/**
 * What one client of a history does: all kinds of operations, on sessions that the other clients use as well. Nothing but
 * plain data goes in and comes out, so that any page, worker or process can be told to do it.
 */

import { isSessionError, type SessionStore } from 'tabkeep/core';
import { historyRecorder, type HistoryEvent, type HistoryRecorderOptions } from 'tabkeep/testing';
import { randomFrom } from '../../src/testing/random.js';

export interface WorkData {
  readonly count: number;
  /** Who wrote it, in which of its operations. */
  readonly by: string;
}

export interface Work {
  readonly client: string;
  readonly seed: number;
  readonly operations: number;
  /** Begins the names of the sessions: a history knows nothing of what was there before it. Default 'session'. */
  readonly prefix?: string | undefined;
  /** How many sessions there are to work on; default 2. */
  readonly sessions?: number | undefined;
  /** How many operations a client has under way at a time; default 2. */
  readonly atOnce?: number | undefined;
}

/** A session as one client knows it. */
interface Known {
  id: string;
  version: number;
  /** How many sessions have been in this place before. */
  generation: number;
}

/** Works, and never fails: what fails is in the history. @returns the history, which grows until the promise settles */
export function startWork(
  store: SessionStore<WorkData>,
  { client, seed, operations, prefix = 'session', sessions = 2, atOnce = 2 }: Work,
  options: Omit<HistoryRecorderOptions, 'client'> = {},
): { readonly events: HistoryEvent[]; readonly done: Promise<unknown> } {
  const recorder = historyRecorder({ ...options, client });
  const recorded = recorder.record(store);
  const random = randomFrom(seed);
  const places = Array.from({ length: sessions }, (_, place): Known => {
    return { id: `${prefix} ${place}`, version: 0, generation: 0 };
  });
  let begun = 0;

  /** One operation. @returns the session it leaves, `undefined` where there is none */
  const operate = ({ id, version }: Known, data: WorkData): Promise<unknown> => {
    const dice = random() * 100;
    if (version === 0) return recorded.create(data, { id, replaceEnded: dice < 30 });
    if (dice < 30) {
      const { by } = data;
      return recorded.update(id, ({ count }) => ({ count: count + 1, by }));
    }
    if (dice < 58) return recorded.load(id);
    if (dice < 72) return recorded.saveIfVersion(id, data, version);
    if (dice < 79) return recorded.save(id, data);
    if (dice < 86) return recorded.touch(id);
    if (dice < 93) return recorded.rotate(id, dice < 90 ? {} : { data, expectedVersion: version });
    if (dice < 96) return recorded.create(data, { id, replaceEnded: dice < 95 });
    return recorded.delete(id, dice < 98 ? {} : { ifVersion: version });
  };

  const step = async (): Promise<void> => {
    const place = places[Math.floor(random() * sessions)]!;
    const { id } = place;
    const by = `${client} ${++begun}`;
    try {
      const result = await operate(place, { count: begun, by });
      if (typeof result === 'object' && result !== null) Object.assign(place, identityOf(result));
      else if (place.id === id) place.version = 0;
    } catch (error) {
      follow(place, id, error);
    }
  };

  /** Where a session has gone the others go too; where one has ended a new one begins. */
  const follow = (place: Known, id: string, error: unknown): void => {
    if (place.id !== id || !isSessionError(error)) return;
    const { code, successor, actual = 0 } = error;
    if (successor !== undefined) Object.assign(place, { id: successor, version: 1 });
    else if (code === 'VERSION_CONFLICT') place.version = actual;
    else if (code === 'ID_COLLISION') place.version = 1;
    else if (code === 'SESSION_ENDED') {
      const generation = place.generation + 1;
      const [name] = id.split(':');
      Object.assign(place, { id: `${name}:${generation}`, version: 0, generation });
    }
  };

  const lane = async (): Promise<void> => {
    await step();
    if (begun < operations) await lane();
  };
  const done = Promise.all(Array.from({ length: atOnce }, lane));
  return { events: recorder.events, done };
}

function identityOf(session: object): Pick<Known, 'id' | 'version'> {
  const { id, version } = session as Known;
  return { id, version };
}
