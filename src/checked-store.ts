/** The checked front: every argument is checked, defaulted and copied here, once, before a rule runs on a backend. */

import type { Payload } from './backend.js';
import type { Engine } from './engine.js';
import { lifetimeOf, unlimited, type Lifetime } from './expiry.js';
import { liveView } from './live-view.js';
import { clear, commitTombstones, endAll, listByOwner, sweep } from './many.js';
import { checkExpectedVersion, checkLimit, checkOwner, demand } from './options.js';
import * as rules from './rules.js';
import { checkId } from './session-id.js';
import type { LiveSession, Session, SessionStore, WriteOptions } from './session.js';
import { currentRecord } from './slots.js';
import { alive } from './standing.js';
import { update } from './updating.js';

/** The {@link SessionStore} over an engine. */
export function checkedStore<Data>(
  engine: Engine<Data>,
  stopSweeper: () => unknown,
): SessionStore<Data> {
  const { backend, commit, commitSession, draw, guard, hub, options, shape, toSession } = engine;
  const context = engine.rules;
  let sweeping: Promise<number> | undefined;
  let closing: Promise<void> | undefined;

  /** What is written beside the data; a bad option is refused before anything happens. */
  const changesOf = ({ owner, ttl }: WriteOptions) => {
    if (owner !== undefined && owner !== null) checkOwner(owner);
    lifetimeOf(ttl, unlimited);
    return (before: Lifetime = options.life) => ({ owner, life: lifetimeOf(ttl, before) });
  };

  /** Checks and copies data. What needs no waiting is not waited for, so that calls are committed in their order. */
  const encoded = async <Result>(
    data: Data,
    use: (payload: Payload) => Promise<Result>,
  ): Promise<Result> => {
    const payload = shape.encode(data);
    return payload instanceof Promise ? use(await payload) : use(payload);
  };

  const write = (
    id: string,
    data: Payload,
    admit: rules.Admit,
    changes: ReturnType<typeof changesOf>,
  ): Promise<Session<Data>> =>
    commitSession(
      id,
      rules.write(context, id, admit, (before) => ({ ...changes(before), data })),
    );

  const save = async (
    id: string,
    data: Data,
    expectedVersion: number | undefined,
    writeOptions: WriteOptions,
  ): Promise<Session<Data>> => {
    checkId(id);
    const changes = changesOf(writeOptions);
    const admit = rules.isAtVersion(context, id, expectedVersion);
    return encoded(data, (payload) => write(id, payload, admit, changes));
  };

  const rotate = async (
    rotation: rules.Rotation,
    ids: readonly string[],
  ): Promise<Session<Data>> => {
    const outcome = await commit(ids, rules.rotate(context, rotation, ids), (result) =>
      typeof result === 'string' ? [] : result.written,
    );
    return typeof outcome === 'string'
      ? rotate(rotation, [...ids, outcome])
      : shape.present(outcome.record);
  };

  const view = async (session: Session<Data>): Promise<LiveSession<Data>> => {
    const live = liveView(store, engine, session);
    // What happened between the read and the view's first watch was told to nobody.
    await live.reload();
    return live;
  };

  const close = async (): Promise<void> => {
    engine.status = 'closing';
    // Each part is let go of even when the one before it fails.
    const attempt = async (letGo: () => unknown): Promise<void> => {
      try {
        await letGo();
      } catch (error) {
        options.onError(error, { during: 'close' });
      }
    };
    await attempt(stopSweeper);
    await engine.idle();
    hub.close();
    await attempt(() => engine.tabs?.close());
    await attempt(() => backend.close());
    engine.status = 'closed';
  };

  const store: SessionStore<Data> = {
    create: guard(async (data, { id, replaceEnded = false, ...writeOptions } = {}) => {
      if (id !== undefined) checkId(id);
      const changes = changesOf(writeOptions);
      return encoded(data, (payload) => {
        const attempt = (free: string, again: boolean): Promise<Session<Data>> =>
          write(free, payload, rules.isFree(context, free, again), changes);
        return id === undefined
          ? draw((drawn) => attempt(drawn, false))
          : attempt(id, replaceEnded);
      });
    }),

    load: guard(async (id) => {
      checkId(id);
      const record = alive(await backend.read(id), context.now());
      return record && toSession(record);
    }),

    save: guard(async (id, data, writeOptions = {}) => save(id, data, undefined, writeOptions)),

    saveIfVersion: guard(async (id, data, expectedVersion, writeOptions = {}) =>
      save(id, data, checkExpectedVersion(expectedVersion), writeOptions),
    ),

    update: guard(async (id, change, writeOptions = {}) => {
      checkId(id);
      demand(typeof change === 'function', 'update takes a function');
      return update(engine, id, change, changesOf(writeOptions));
    }),

    rotate: guard(async (id, { id: successor, data, expectedVersion } = {}) => {
      checkId(id);
      if (successor !== undefined) checkId(successor);
      if (expectedVersion !== undefined) checkExpectedVersion(expectedVersion);
      const rotateWith = (payload?: Payload): Promise<Session<Data>> => {
        const attempt = (to: string): Promise<Session<Data>> =>
          rotate({ id, successor: to, data: payload, expectedVersion }, [id, to]);
        return successor === undefined ? draw(attempt) : attempt(successor);
      };
      return data === undefined ? rotateWith() : encoded(data, rotateWith);
    }),

    touch: guard(async (id) => {
      checkId(id);
      const outcome = await commit(
        [id],
        rules.touch(context, id),
        (result) => result?.written ?? [],
      );
      return outcome && shape.present(outcome.record);
    }),

    delete: guard(async (id, { ifVersion } = {}) => {
      checkId(id);
      const version = ifVersion === undefined ? undefined : checkExpectedVersion(ifVersion);
      const tombstones = await commitTombstones(engine, [id], rules.end(context, id, version));
      return tombstones.length > 0;
    }),

    listIds: guard(async ({ owner, after, limit } = {}) => {
      if (owner !== undefined) checkOwner(owner);
      return backend.listIds({ owner, after, limit: checkLimit(limit), aliveAt: context.now() });
    }),

    listByOwner: guard(async (owner, { after, limit } = {}) =>
      listByOwner(engine, checkOwner(owner), after, checkLimit(limit)),
    ),

    endAll: guard(async (owner, { except } = {}) => endAll(engine, checkOwner(owner), except)),

    clear: guard(() => clear(engine)),

    // One at a time: whoever asks meanwhile gets the result of the sweep under way.
    sweep: guard(() => {
      sweeping ??= sweep(engine).finally(() => (sweeping = undefined));
      return sweeping;
    }),

    current: guard(async ({ slot = 'default', create }) => {
      demand(typeof create === 'function', 'current takes { create }, a function');
      return view(await toSession(await currentRecord(engine, slot, create)));
    }),

    open: guard(async (id) => {
      const session = await store.load(id);
      return session && view(session);
    }),

    subscribe: (listener) => hub.subscribe(listener),

    get backend() {
      const { name, capabilities } = backend;
      return { name, capabilities };
    },

    get status() {
      return engine.status;
    },

    close: () => (closing ??= close()),

    [Symbol.asyncDispose]: () => store.close(),
  };
  return store;
}
