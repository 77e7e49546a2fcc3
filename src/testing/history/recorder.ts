/** Writes down what one client asks of a store, and what it is told. */

import { systemClock, type Clock } from '../../clock.js';
import { preciseNow } from '../../environment.js';
import { errorName, isSessionError } from '../../errors.js';
import { generateSessionId } from '../../session-id.js';
import type { Milliseconds, Session, SessionStore } from '../../session.js';
import type {
  HistoryEvent,
  HistoryInput,
  HistoryMoment,
  HistoryOperation,
  HistoryOutcome,
  HistorySession,
} from './history.js';
import { textOf } from './text.js';

/** The part of a {@link SessionStore} that is recorded: whatever else there is reads only, or is a view of its own. */
export type RecordedStore<Data> = Pick<SessionStore<Data>, HistoryOperation>;

/** Options of {@link historyRecorder}. */
export interface HistoryRecorderOptions {
  /** Names the client: a tab, a worker or a process. No two of one history may have the same name. */
  readonly client: string;
  /** Default: `performance.timeOrigin + performance.now()`, which all tabs of a machine have in common, more or less. */
  readonly now?: (() => Milliseconds) | undefined;
  /** The clock of the store, by which sessions expire. Default: the machine's. */
  readonly clock?: Pick<Clock, 'now'> | undefined;
  /** Hears of each operation when it begins, and again when it returns: for a log that outlives a crash of the client. */
  readonly onEvent?: ((event: HistoryEvent) => void) | undefined;
}

/** One client's part of a history. */
export interface HistoryRecorder {
  /** What has been recorded so far, operations that have not returned among it: plain data. */
  readonly events: HistoryEvent[];
  /** The same store, under observation. */
  record<Data>(store: SessionStore<Data>): RecordedStore<Data>;
}

type Growing<Part> = { -readonly [Key in keyof Part]: Part[Key] };

/**
 * Records what a client does, for {@link checkHistory}. An id that is not given is drawn here and passed on: so the
 * session is known by its name even if the answer never comes.
 *
 * Shape: {@link HistoryEvent}, plain data; those of several tabs or processes make one history when they are put together
 *
 * @param options - {@link HistoryRecorderOptions}
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { memoryBackend } from 'tabkeep/stores/memory';
 * import { historyRecorder } from 'tabkeep/testing';
 *
 * const recorder = historyRecorder({ client: 'tab 1' });
 * const store = recorder.record(await openStore<number>({ name: 'shop', backend: memoryBackend() }));
 * const { id } = await store.create(1);
 * await store.update(id, (count) => count + 1);
 * console.log(recorder.events.map(({ op, input }) => `${op} ${input.data}`)); // ['create 1', 'update 2']
 * ```
 */
export function historyRecorder({
  client,
  now = preciseNow,
  clock = systemClock,
  onEvent = () => {},
}: HistoryRecorderOptions): HistoryRecorder {
  const events: Growing<HistoryEvent>[] = [];
  let ticks = 0;
  const moment = (): HistoryMoment => ({ at: now(), tick: ticks++, clock: clock.now() });

  /** Records one call. What it was given may become known while it runs. */
  const track = async <Result>(
    op: HistoryOperation,
    id: string,
    input: HistoryInput,
    call: () => Promise<Result>,
    outcomeOf: (result: Result) => HistoryOutcome,
  ): Promise<Result> => {
    const event: Growing<HistoryEvent> = {
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
    onEvent({ ...event });
    const settle = (outcome: HistoryOutcome): void => {
      event.outcome = outcome;
      event.returned = moment();
      onEvent({ ...event });
    };
    try {
      const result = await call();
      settle(outcomeOf(result));
      return result;
    } catch (error) {
      settle(refusal(error));
      throw error;
    }
  };

  return {
    events,

    record: (store) => ({
      create: async (data, { id = generateSessionId(), ...options } = {}) => {
        const { replaceEnded } = options;
        const input = { data: textOf(data), replaceEnded };
        return track('create', id, input, () => store.create(data, { id, ...options }), given);
      },
      load: async (id) => track('load', id, {}, () => store.load(id), given),
      save: async (id, data, options) =>
        track('save', id, { data: textOf(data) }, () => store.save(id, data, options), given),
      saveIfVersion: async (id, data, expectedVersion, options) => {
        const input = { data: textOf(data), expectedVersion };
        const call = () => store.saveIfVersion(id, data, expectedVersion, options);
        return track('saveIfVersion', id, input, call, given);
      },
      update: async (id, change, options) => {
        const input: Growing<HistoryInput> = { runs: 0 };
        const observed: typeof change = (draft) => {
          input.runs!++;
          input.saw = textOf(draft);
          const changed = change(draft);
          input.data = textOf(changed === undefined ? draft : changed);
          return changed;
        };
        // What is no function is for the store to refuse.
        const passed = typeof change === 'function' ? observed : change;
        return track('update', id, input, () => store.update(id, passed, options), given);
      },
      rotate: async (id, { id: successor = generateSessionId(), ...options } = {}) => {
        const { data, expectedVersion } = options;
        const moved = data === undefined ? undefined : textOf(data);
        const input = { successor, expectedVersion, data: moved };
        const call = () => store.rotate(id, { id: successor, ...options });
        return track('rotate', id, input, call, given);
      },
      touch: async (id) => track('touch', id, {}, () => store.touch(id), given),
      delete: async (id, options) => {
        const input = { expectedVersion: options?.ifVersion };
        const call = () => store.delete(id, options);
        return track('delete', id, input, call, (was) => ({ kind: 'ended', was }));
      },
      endAll: async (owner, options) => {
        const input = { except: options?.except };
        return track('endAll', '', input, () => store.endAll(owner, options), done);
      },
      clear: async () => track('clear', '', {}, () => store.clear(), done),
    }),
  };
}

const done = (): HistoryOutcome => ({ kind: 'done' });

function given<Data>(session: Session<Data> | undefined): HistoryOutcome {
  return session === undefined
    ? { kind: 'absent' }
    : { kind: 'session', session: partsOf(session) };
}

function partsOf({ id, version, data, expiresAt }: Session<unknown>): HistorySession {
  return { id, version, data: textOf(data), expiresAt };
}

function refusal(error: unknown): HistoryOutcome {
  if (!isSessionError(error)) return { kind: 'error', code: errorName(error) };
  const { code, actual, current, successor, reason } = error;
  return {
    kind: 'error',
    code,
    actual,
    current: current && partsOf(current),
    successor,
    reason,
  };
}
