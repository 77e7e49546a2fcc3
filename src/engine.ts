/** What every operation of a store goes through: the backend, the rules' context, the hub, and the state open or closed. */

import type { Backend, Decide, LiveRecord, StoredRecord } from './backend.js';
import { changeHub, type ChangeHub } from './change-hub.js';
import { isSessionError, SessionError } from './errors.js';
import type { CheckedOptions } from './options.js';
import type { TabSyncConnection } from './ports.js';
import type { Outcome } from './rules.js';
import { checkId } from './session-id.js';
import type { Session, SessionStore } from './session.js';
import type { Shape } from './shape.js';
import { checkReadable, type RuleContext } from './standing.js';

export interface Engine<Data> {
  readonly options: CheckedOptions;
  readonly backend: Backend;
  readonly shape: Shape<Data>;
  readonly rules: RuleContext;
  readonly hub: ChangeHub;
  /** Set by whoever opens and closes the store. */
  status: SessionStore<Data>['status'];
  /** How other tabs are reached. */
  tabs: TabSyncConnection | undefined;
  /** Whether other tabs see the same records. */
  readonly isShared: () => boolean;
  /** Makes an operation of a function: refused when the store is closed, waited for while it closes. */
  readonly guard: <Arguments extends unknown[], Result>(
    work: (...input: Arguments) => Promise<Result>,
  ) => (...input: Arguments) => Promise<Result>;
  /** Settles when what runs now has ended, well or badly. */
  readonly idle: () => Promise<unknown>;
  /** Reads for work that is under way, and may finish while the store closes. */
  readonly read: (id: string) => Promise<StoredRecord | undefined>;
  /** Commits a rule and tells everyone. */
  readonly commit: <Result>(
    ids: readonly string[],
    decide: Decide<Result>,
    writtenBy: (result: Result) => readonly StoredRecord[],
  ) => Promise<Result>;
  /** Commits a rule that leaves a living session. @returns that session, as the caller's own copy */
  readonly commitSession: (id: string, decide: Decide<Outcome>) => Promise<Session<Data>>;
  /** The session of a record, if this version of the app may read it and the schema accepts it. */
  readonly toSession: (record: LiveRecord) => Promise<Session<Data>>;
  /**
   * Draws ids until one is free (R3).
   *
   * @throws {@link SessionError} `ID_COLLISION` after `maxIdCollisionRetries` further draws; `INVALID_ID` for a bad draw
   */
  readonly draw: <Result>(attempt: (id: string) => Promise<Result>) => Promise<Result>;
}

/**
 * @param sweep - makes room when a store is full
 */
export function startEngine<Data>(
  options: CheckedOptions,
  backend: Backend,
  shape: Shape<Data>,
  sweep: (engine: Engine<Data>) => Promise<unknown>,
): Engine<Data> {
  const { clock, tombstoneTtl, onError, generateId, maxIdCollisionRetries } = options;
  const running = new Set<Promise<unknown>>();
  const now = (): number => clock.now();
  const isShared = (): boolean => backend.capabilities.shared !== 'tab';

  const read = async (id: string): Promise<StoredRecord | undefined> => {
    if (engine.status === 'closed') throw closed();
    return backend.read(id);
  };

  const hub = changeHub({
    clock,
    onError,
    read,
    // Other tabs could not look up what only this one holds.
    post: (changes) => isShared() && engine.tabs?.post(changes),
  });

  const commitOnce: Engine<Data>['commit'] = async (ids, decide, writtenBy) => {
    const result = await backend.transact(ids, decide);
    hub.committed(writtenBy(result));
    return result;
  };

  const commit: Engine<Data>['commit'] = async (...work) => {
    try {
      return await commitOnce(...work);
    } catch (error) {
      if (!isSessionError(error, 'QUOTA_EXCEEDED')) throw error;
    }
    // A sweep that finds the store too full for its own commits must not start another.
    await sweep({ ...engine, commit: commitOnce }).catch((error: unknown) =>
      onError(error, { during: 'sweep' }),
    );
    return commitOnce(...work);
  };

  const engine: Engine<Data> = {
    options,
    backend,
    shape,
    rules: {
      now,
      tombstoneTtl,
      schemaVersion: shape.version,
      present: (record) => shape.present(record),
    },
    hub,
    status: 'open',
    tabs: undefined,
    isShared,
    read,
    commit,

    guard:
      (work) =>
      async (...input) => {
        if (engine.status !== 'open') throw closed();
        const result = work(...input);
        running.add(result);
        try {
          return await result;
        } finally {
          running.delete(result);
        }
      },

    idle: () => Promise.allSettled(running),

    async commitSession(id, decide) {
      const { record } = await commit([id], decide, ({ written }) => written);
      return shape.present(record);
    },

    async toSession(record) {
      checkReadable(engine.rules, record);
      return shape.load(record);
    },

    async draw(attempt) {
      for (let retries = 0; ; retries++) {
        const id = generateId();
        checkId(id);
        try {
          return await attempt(id);
        } catch (cause) {
          // An id that has ended is as taken as one that lives.
          const isTaken =
            isSessionError(cause, 'ID_COLLISION') || isSessionError(cause, 'SESSION_ENDED');
          if (!isTaken || cause.id !== id) throw cause;
          if (retries >= maxIdCollisionRetries) {
            throw new SessionError('ID_COLLISION', 'every id that was drawn is taken', {
              id,
              cause,
            });
          }
        }
      }
    },
  };
  return engine;
}

function closed(): SessionError {
  return new SessionError('STORE_CLOSED', 'the store is closed');
}
