/**
 * Carries committed changes to whoever watches: views of a session, listeners of the store, other tabs. What other tabs
 * tell is a hint to read the backend (R11): nothing is shown, and nobody is told, before it was found there.
 */

import type { StoredRecord, StoreReset } from './backend.js';
import type { Clock } from './clock.js';
import { listeners } from './listeners.js';
import type { Change, ErrorContext } from './ports.js';
import { isConfirmed, rankOf } from './rank.js';
import type { ChangeOrigin, EpochMilliseconds, Milliseconds, StoreEvent } from './session.js';

/** Somebody who follows one session id at a time. */
export interface Watcher {
  readonly id: string;
  readonly expiresAt: EpochMilliseconds | null;
  /** Told the record of its id, in any order and perhaps twice; compares versions itself. */
  see(record: StoredRecord): void;
  /** The whole store was wiped: what is not there now is lost, and has not ended (R16). */
  lost(): void;
}

export interface ChangeHub {
  readonly subscribe: (listener: (event: StoreEvent) => void) => () => void;
  readonly emit: (event: StoreEvent) => void;
  readonly watch: (watcher: Watcher) => () => void;
  /** Sets the one timer that wakes the watchers when the next session in hand expires. */
  readonly armAlarm: () => void;
  /** Takes what this store has just committed. */
  readonly committed: (written: readonly StoredRecord[]) => void;
  /** Takes what another tab says it has committed. */
  readonly received: (changes: readonly Change[]) => void;
  /** Compares everything in hand with the backend: messages may have been missed. */
  readonly resync: () => void;
  /** Tells that the whole store was wiped (R16). */
  readonly reset: (reset: StoreReset) => void;
  readonly close: () => void;
}

export interface HubContext {
  readonly clock: Clock;
  readonly read: (id: string) => Promise<StoredRecord | undefined>;
  readonly post: (changes: readonly Change[]) => unknown;
  readonly onError: (error: unknown, context: ErrorContext) => void;
}

/** A wanted re-read: what another tab announced, and how often it was not there yet. */
interface Wanted {
  readonly announced?: Change | undefined;
  readonly attempt: number;
}

// A message may overtake the write it tells of: localStorage reaches other processes later than a channel does.
const retryDelays: readonly Milliseconds[] = [5, 10, 20, 50, 100, 200, 500];

// A stranger may name any number of ids. What is dropped beyond this is found at the next resync.
const mostWanted = 1000;

export function changeHub({ clock, read, post, onError }: HubContext): ChangeHub {
  const { subscribe, tell, any: hasListeners } = listeners<[StoreEvent]>(onError);
  /** Resets before anybody could listen, as while the store opened. */
  let untold: StoreEvent[] | undefined = [];
  const watchers = new Set<Watcher>();
  const wanted = new Map<string, Wanted>();
  let isReading = false;
  let isClosed = false;
  let cancelAlarm = (): void => {};

  const emit = (event: StoreEvent): void => {
    if (untold === undefined) tell(event);
    else if (event.type === 'reset') untold.push(event);
  };

  const want = (id: string, { announced, attempt }: Wanted = { attempt: 0 }): void => {
    const known = wanted.get(id);
    if (isClosed || (known === undefined && wanted.size >= mostWanted)) return;
    if (announced === undefined || rankOf(announced) >= rankOf(known?.announced)) {
      wanted.set(id, announced === undefined ? (known ?? { attempt }) : { announced, attempt });
    }
    if (!isReading) void readWanted();
  };

  const readWanted = async (): Promise<void> => {
    isReading = true;
    await Promise.resolve(); // everything that is wanted in one turn is read together
    while (wanted.size > 0) {
      const batch = [...wanted];
      wanted.clear();
      await Promise.all(batch.map(([id, what]) => refresh(id, what)));
    }
    isReading = false;
  };

  const refresh = async (id: string, { announced, attempt }: Wanted): Promise<void> => {
    try {
      const record = await read(id);
      if (record !== undefined && isConfirmed(record, announced)) {
        show(record, announced && 'elsewhere');
        return;
      }
    } catch (error) {
      if (!isClosed) onError(error, { during: 'refresh', id });
      return;
    }
    const delay = announced && retryDelays[attempt];
    if (delay !== undefined)
      clock.after(delay, () => want(id, { announced, attempt: attempt + 1 }));
  };

  /** @param origin - absent when there may be nothing new */
  const show = (record: StoredRecord, origin?: ChangeOrigin): void => {
    if (isClosed) return;
    for (const watcher of watchers) if (watcher.id === record.id) watcher.see(record);
    const change = changeOf(record);
    if (change === undefined || origin === undefined) return;
    const { kind: type, ...rest } = change;
    emit({ type, ...rest, origin });
  };

  const armAlarm = (after: EpochMilliseconds = -Infinity): void => {
    cancelAlarm();
    const times = [...watchers].map(({ expiresAt }) => expiresAt ?? Infinity);
    const earliest = Math.min(...times.filter((time) => time > after));
    if (earliest === Infinity || isClosed) return;
    cancelAlarm = clock.after(earliest - clock.now(), () => {
      const now = clock.now();
      // Another tab may have extended it: the record decides.
      for (const { id, expiresAt } of watchers) if ((expiresAt ?? Infinity) <= now) want(id);
      armAlarm(now);
    });
  };

  return {
    subscribe(listener) {
      const stop = subscribe(listener);
      const missed = untold;
      untold = undefined;
      // Not before the caller can stop it.
      if (missed?.length) queueMicrotask(() => missed.forEach(tell));
      return stop;
    },

    emit,
    armAlarm: () => armAlarm(),

    watch(watcher) {
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        armAlarm();
      };
    },

    committed(written) {
      const changes = written.map(changeOf).filter((change) => change !== undefined);
      if (changes.length > 0) post(changes);
      for (const record of written) show(record, 'here');
    },

    received(changes) {
      const watched = new Set([...watchers].map(({ id }) => id));
      for (const announced of changes) {
        if (hasListeners() || watched.has(announced.id))
          want(announced.id, { announced, attempt: 0 });
      }
    },

    resync() {
      for (const { id } of watchers) want(id);
    },

    reset(reset) {
      if (isClosed) return;
      for (const watcher of watchers) watcher.lost();
      emit({ type: 'reset', ...reset });
    },

    close() {
      isClosed = true;
      cancelAlarm();
    },
  };
}

/** How other tabs are told of a record; `undefined` for one that is nobody's business. */
function changeOf(record: StoredRecord): Change | undefined {
  const { id, version } = record;
  switch (record.kind) {
    case 'live': {
      const { expiresAt, touchedAt, updatedAt } = record;
      // Only a touch moves touchedAt past updatedAt.
      return { id, version, kind: touchedAt > updatedAt ? 'touched' : 'saved', expiresAt };
    }
    case 'tombstone':
      return { id, version, kind: record.reason, successor: record.successor ?? undefined };
    case 'slot':
      return undefined;
  }
}
