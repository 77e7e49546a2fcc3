/** The implementation of {@link LiveSession}: data in hand that follows its session through every tab and rotation. */

import type { StoredRecord } from './backend.js';
import type { Watcher } from './change-hub.js';
import type { Engine } from './engine.js';
import { isSessionError } from './errors.js';
import { isExpired } from './expiry.js';
import { listeners } from './listeners.js';
import { unreadable } from './record.js';
import type { LiveSession, Session, SessionStore } from './session.js';
import { alive, successorOf } from './standing.js';

export function liveView<Data>(
  store: SessionStore<Data>,
  { hub, options, read, rules, toSession }: Engine<Data>,
  first: Session<Data>,
): LiveSession<Data> {
  let session = first;
  let over: 'expired' | 'ended' | 'reset' | undefined;
  /** The store was wiped, and it could not be read since. */
  let isInDoubt = false;
  const { subscribe, tell } = listeners<[]>(options.onError);

  // After a reset the session may be stored again.
  const isOver = (): boolean => over === 'expired' || over === 'ended';

  const isNews = ({ id, version, expiresAt }: Omit<Session<unknown>, 'data'>): boolean =>
    id !== session.id ||
    version > session.version ||
    // A touch only ever extends: an earlier end is that of a record read late.
    (version === session.version && (expiresAt ?? Infinity) > (session.expiresAt ?? Infinity));

  const show = (found: Session<Data>): void => {
    // Versions never go back (R1), not even after a reset: what was stored anew with a lower one is another session.
    if (isOver() || found.version < session.version) return;
    if (!isNews(found) && over !== 'reset') return;
    // Nobody wrote: after a touch the data object stays the same, so that no page renders anew for it.
    const isTouched =
      over === undefined && found.id === session.id && found.version === session.version;
    over = undefined;
    session = isTouched ? { ...found, data: session.data } : found;
    hub.armAlarm();
    tell();
  };

  const finish = (how: 'expired' | 'ended' | 'reset'): void => {
    over = how;
    hub.armAlarm();
    tell();
  };

  /** Takes over what is stored, if it is news; follows rotations to where the session is now (R5). */
  const adopt = async (stored: StoredRecord): Promise<void> => {
    let record: StoredRecord | undefined = stored;
    for (let id = successorOf(record); id !== undefined; id = successorOf(record)) {
      const { version }: StoredRecord = record!;
      record = await read(id);
      // Each step is a version further; whoever stored something else must not lead us in a circle.
      if (record !== undefined && record.version <= version) throw unreadable(id, record);
    }
    if (stored.id !== session.id || isOver()) return; // something else was faster
    const living = alive(record, rules.now());
    if (living === undefined) {
      const isEnded =
        record?.kind !== 'live' && !(record?.kind === 'tombstone' && record.reason === 'expired');
      finish(isEnded ? 'ended' : 'expired');
    } else if (isNews(living) || over === 'reset') {
      show(await toSession(living));
    }
  };

  /** R16: absence after a wipe is no sign-out, and neither is an older version that somebody stores from a copy. */
  const lose = async (): Promise<void> => {
    const { id } = session;
    isInDoubt = true;
    const record = await read(id);
    isInDoubt = false;
    if (record !== undefined) await adopt(record);
    const isThere = record !== undefined && record.version >= session.version;
    if (!isThere && id === session.id && over === undefined) finish('reset');
  };

  const reload = async (): Promise<void> => {
    if (isInDoubt) return lose();
    const record = await read(session.id);
    if (record !== undefined) await adopt(record);
  };

  const report = (error: unknown): void => {
    if (isSessionError(error, 'STORE_CLOSED')) return;
    options.onError(error, { during: 'refresh', id: session.id });
  };

  /** Runs a write; when it is refused, looks what has become of the session, and tries again where it has moved to. */
  const following = async (
    write: (id: string) => Promise<Session<Data> | undefined>,
    isRepeatable = true,
  ): Promise<void> => {
    const { id } = session;
    try {
      const written = await write(id);
      if (written !== undefined) show(written);
    } catch (error) {
      if (!isSessionError(error)) throw error;
      await reload().catch(report);
      if (session.id === id || !isRepeatable) throw error;
      await following(write);
    }
  };

  const watcher: Watcher = {
    get id() {
      return session.id;
    },
    get expiresAt() {
      return over === undefined ? session.expiresAt : null;
    },
    see: (record) => void adopt(record).catch(report),
    lost: () => void lose().catch(report),
  };
  const unwatch = hub.watch(watcher);
  hub.armAlarm();

  return {
    get id() {
      return session.id;
    },
    get data() {
      return session.data;
    },
    get version() {
      return session.version;
    },
    get owner() {
      return session.owner;
    },
    get expiresAt() {
      return session.expiresAt;
    },
    get status() {
      return over ?? (isExpired(session.expiresAt, rules.now()) ? 'expired' : 'active');
    },

    update: (change, writeOptions) => following((id) => store.update(id, change, writeOptions)),

    set(data, writeOptions) {
      const seen = session.version; // not the one after following a rotation: its data the caller has not seen
      return following((id) => store.saveIfVersion(id, data, seen, writeOptions));
    },

    touch: () => following((id) => store.touch(id)),

    // Not tried again on the winner's id: whoever lost is told, and the view shows the winner.
    rotate: (rotateOptions) => following((id) => store.rotate(id, rotateOptions), false),

    async end() {
      for (;;) {
        const { id } = session;
        if (await store.delete(id)) return true;
        await reload();
        if (session.id === id) return false; // it was over already; else it has moved, and is ended there
      }
    },

    reload,
    subscribe,

    close: unwatch,
  };
}
