/** The life of a connection to IndexedDB: browsers end it, other tabs ask for it, and opening one may never end. */

import { wrap } from 'idb';
import { systemClock } from '../clock.js';
import { globalEvents, indexedDBFactory } from '../environment.js';
import { errorName, isSessionError, SessionError } from '../errors.js';
import type { Milliseconds } from '../session.js';
import { createStores, hasStores } from './indexeddb-records.js';

export interface ConnectionOptions {
  /** The name of the database. */
  readonly name: string;
  /** Absent: the platform's own. */
  readonly factory: IDBFactory | undefined;
  readonly openTimeout: Milliseconds;
  /** Runs on each new connection before it is used, within the time that opening may take. */
  readonly greet: (database: IDBDatabase) => Promise<void>;
  /** Hears of what goes wrong while a lost connection is made anew in the background. */
  readonly onError: (error: unknown) => void;
}

// Never another: an upgrade would wait for every old tab, and shut them out. What changes later, changes in records.
const databaseVersion = 1;

// A browser that is still clearing a database away refuses to open it.
const lookAgain: readonly Milliseconds[] = [20, 100, 500, 2000];

/** A connection that is made when it is needed, and made anew when it was lost. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events = globalEvents();
  #database: Promise<IDBDatabase> | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#events?.addEventListener('pagehide', this.#onPageHide);
    this.#events?.addEventListener('pageshow', this.#onPageShow);
  }

  /**
   * Runs `work` on the open database, and once more on a new connection when this one turns out to be dead. So `work` must
   * not fail like that (see {@link isDead}) unless it is certain that it has written nothing.
   *
   * @throws {@link SessionError} whatever it was that failed
   */
  async use<Result>(work: (database: IDBDatabase) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw new SessionError('STORE_CLOSED', 'The IndexedDB backend is closed.');
      const database = (this.#database ??= this.#open());
      try {
        return await work(await database);
      } catch (error) {
        const dead = isDead(error);
        // WebKit never revives a connection that it has lost. https://bugs.webkit.org/show_bug.cgi?id=309386
        if (dead) this.#drop(database);
        if (!dead || attempt > 1) throw toSessionError(error, 'IndexedDB has failed.');
      }
    }
  }

  /** Running transactions come to their end: that is how IndexedDB closes. */
  close(): void {
    this.#closed = true;
    this.#events?.removeEventListener('pagehide', this.#onPageHide);
    this.#events?.removeEventListener('pageshow', this.#onPageShow);
    this.#drop(this.#database);
  }

  #open(): Promise<IDBDatabase> {
    const opening = openDatabase(this.#options, (database) => {
      // Another tab wants the database gone, or the browser has taken it away: what is there now is met at once (R16).
      database.addEventListener('versionchange', ({ newVersion }) => {
        this.#drop(opening);
        if (newVersion === null) this.#look();
      });
      database.addEventListener('close', () => {
        this.#drop(opening);
        this.#look();
      });
    });
    opening.catch(() => this.#drop(opening));
    return opening;
  }

  /** Lets go of a connection, open or still opening: the next use makes a new one. */
  #drop(database: Promise<IDBDatabase> | undefined): void {
    if (this.#database === database) this.#database = undefined;
    closeWhenOpen(database);
  }

  /** Makes a lost connection anew before anybody asks for it. */
  #look(attempt = 0): void {
    if (this.#closed) return;
    this.use(async () => {}).catch((error: unknown) => {
      if (this.#closed) return;
      const delay = lookAgain[attempt];
      if (delay === undefined) this.#options.onError(error);
      else systemClock.after(delay, () => this.#look(attempt + 1));
    });
  }

  // A page in the back/forward cache that holds a connection is thrown out of it as soon as another tab wants the
  // database gone. https://github.com/w3c/IndexedDB/issues/381
  readonly #onPageHide = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) this.#drop(this.#database);
  };

  readonly #onPageShow = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) this.#look();
  };
}

/**
 * @param attend - listens to the connection, before it waits for anything
 * @throws {@link SessionError} `STORE_UNAVAILABLE`, `STORE_BLOCKED`; and what a connection fails with that was lost again
 */
async function openDatabase(
  { name, factory, openTimeout, greet }: ConnectionOptions,
  attend: (database: IDBDatabase) => void,
): Promise<IDBDatabase> {
  let opening: Promise<IDBDatabase> | undefined;
  let isOpen = false;
  let isOver = false;
  let stopTimer: (() => void) | undefined;
  try {
    // Where storage is refused, merely reading `indexedDB` throws.
    const platform = factory ?? indexedDBFactory();
    if (platform === undefined)
      throw new SessionError('STORE_UNAVAILABLE', 'There is no IndexedDB here.');
    const request = platform.open(name, databaseVersion);
    let blocked = false;
    const setBlocked = (): void => {
      blocked = true;
    };
    request.addEventListener('blocked', setBlocked);
    request.addEventListener('upgradeneeded', () => createStores(request.result));
    opening = wrap(request).then(() => request.result);
    const ready = opening.then(async (database) => {
      if (!hasStores(database)) {
        throw new SessionError(
          'STORE_UNAVAILABLE',
          `There is a database "${name}" that tabkeep has not made.`,
        );
      }
      isOpen = true;
      // Nobody would hear any more of what is found out now.
      if (isOver) return database;
      attend(database);
      await greet(database);
      return database;
    });
    const tooLate = new Promise<never>((_, reject) => {
      const half = openTimeout / 2;
      stopTimer = systemClock.after(half, () => {
        // Who waits in line behind a request to delete is told nothing. Where IndexedDB answers otherwise, it is this
        // database alone that somebody keeps.
        platform.databases?.().then(setBlocked, () => {});
        stopTimer = systemClock.after(half, () => reject(tooLateError(blocked, openTimeout)));
      });
    });
    return await Promise.race([ready, tooLate]);
  } catch (error) {
    isOver = true;
    // Also one that opens after its time.
    closeWhenOpen(opening);
    throw isOpen ? error : toSessionError(error, openingFailure(error, name));
  } finally {
    stopTimer?.();
  }
}

function closeWhenOpen(opening: Promise<IDBDatabase> | undefined): void {
  opening?.then(
    (database) => database.close(),
    () => {},
  );
}

/** Whether an error means that the connection is lost, and that whatever failed with it has written nothing. */
function isDead(error: unknown): boolean {
  return ['InvalidStateError', 'AbortError', 'UnknownError'].includes(errorName(error));
}

function toSessionError(error: unknown, text: string): SessionError {
  return isSessionError(error)
    ? error
    : new SessionError('STORE_UNAVAILABLE', text, { cause: error });
}

function openingFailure(error: unknown, name: string): string {
  return errorName(error) === 'VersionError'
    ? `There is a database "${name}" of a higher version, which tabkeep has not made.`
    : 'IndexedDB cannot be opened.';
}

function tooLateError(blocked: boolean, openTimeout: Milliseconds): SessionError {
  const cause = new Error(`IndexedDB did not open within ${openTimeout} ms.`);
  return blocked
    ? new SessionError('STORE_BLOCKED', 'Another tab keeps the database from being opened.', {
        cause,
      })
    : new SessionError('STORE_UNAVAILABLE', 'IndexedDB does not answer.', { cause });
}
