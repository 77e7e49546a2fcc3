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
}

// Never another: an upgrade would wait for every old tab, and shut them out. What changes later, changes in records.
const databaseVersion = 1;

/** A connection that is made when it is needed, and made anew when it was lost. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events = globalEvents();
  #database: Promise<IDBDatabase> | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#events?.addEventListener('pagehide', this.#onPageHide);
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
    this.#drop(this.#database);
  }

  #open(): Promise<IDBDatabase> {
    const opening = openDatabase(this.#options).then((database) => {
      // Another tab wants the database gone, or the browser has taken it away.
      for (const event of ['versionchange', 'close']) {
        database.addEventListener(event, () => this.#drop(opening));
      }
      return database;
    });
    opening.catch(() => this.#drop(opening));
    return opening;
  }

  /** Lets go of a connection, open or still opening: the next use makes a new one. */
  #drop(database: Promise<IDBDatabase> | undefined): void {
    if (this.#database === database) this.#database = undefined;
    closeWhenOpen(database);
  }

  // A page in the back/forward cache that holds a connection is thrown out of it as soon as another tab wants the
  // database gone. https://github.com/w3c/IndexedDB/issues/381
  readonly #onPageHide = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) this.#drop(this.#database);
  };
}

/** @throws {@link SessionError} `STORE_UNAVAILABLE`, `STORE_BLOCKED` */
async function openDatabase({
  name,
  factory,
  openTimeout,
}: ConnectionOptions): Promise<IDBDatabase> {
  let opening: Promise<IDBDatabase> | undefined;
  let stopTimer: (() => void) | undefined;
  try {
    // Where storage is refused, merely reading `indexedDB` throws.
    const request = (factory ?? indexedDBFactory())?.open(name, databaseVersion);
    if (request === undefined)
      throw new SessionError('STORE_UNAVAILABLE', 'There is no IndexedDB here.');
    let blocked = false;
    request.addEventListener('blocked', () => {
      blocked = true;
    });
    request.addEventListener('upgradeneeded', () => createStores(request.result));
    opening = wrap(request).then(() => request.result);
    const tooLate = new Promise<never>((_, reject) => {
      stopTimer = systemClock.after(openTimeout, () => reject(tooLateError(blocked, openTimeout)));
    });
    const database = await Promise.race([opening, tooLate]);
    if (hasStores(database)) return database;
    throw new SessionError(
      'STORE_UNAVAILABLE',
      `There is a database "${name}" that tabkeep has not made.`,
    );
  } catch (error) {
    // Also one that opens after its time.
    closeWhenOpen(opening);
    throw toSessionError(error, openingFailure(error, name));
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
