/**
 * A storage of keys and texts in which a change of several keys is all or nothing, whatever crashes (R10), and follows the
 * one before it (R2). The journal says what a change of several keys is about to write. Whoever finds one finishes the
 * change; writing it all once more is harmless.
 */

import { errorName, isSessionError, SessionError } from '../errors.js';
import { sortable, type Fence } from './fence.js';

/** What to write under a key; `null` removes it. */
export type Entry = readonly [key: string, value: unknown];

/** What lies under each key that was asked for; `null` where there is nothing. */
export type Values = ReadonlyMap<string, unknown>;

/** A storage of keys and texts. Where it answers at once, nothing comes between the parts of one call. */
export interface KeyValue {
  read(keys: readonly string[]): Values | Promise<Values>;
  /** In this order. Each key is written as a whole or not at all. */
  write(entries: readonly Entry[]): void | Promise<void>;
  keys(): readonly string[] | Promise<readonly string[]>;
}

export interface JournaledStoreOptions {
  readonly keyValue: KeyValue;
  /** Begins every key of this namespace, and of no other. */
  readonly prefix: string;
  readonly fence: (shown: () => Promise<number>) => Fence;
  readonly onError: (error: unknown) => void;
}

export class JournaledStore {
  readonly fence: Fence;
  /** Begins every key but the store's own. */
  readonly recordPrefix: string;
  readonly #keyValue: KeyValue;
  readonly #probeKey: string;
  readonly #numberKey: string;
  readonly #journalKey: string;
  readonly #onError: (error: unknown) => void;
  /** The number of the last commit, while a task runs alone. */
  #last = 0;

  constructor({ keyValue, prefix, fence, onError }: JournaledStoreOptions) {
    this.#keyValue = keyValue;
    this.recordPrefix = `${prefix}r:`;
    this.#probeKey = `${prefix}probe`;
    this.#numberKey = `${prefix}seq`;
    this.#journalKey = `${prefix}journal`;
    this.#onError = onError;
    this.fence = fence(() => this.#number());
  }

  /**
   * Tries a real write. One that is full is still good to read, and to remove from.
   *
   * @throws {@link SessionError} `STORE_UNAVAILABLE`
   */
  async probe(): Promise<void> {
    try {
      await this.#write([[this.#probeKey, 'probe']]);
      await this.#write([[this.#probeKey, null]]);
    } catch (cause) {
      if (isSessionError(cause, 'QUOTA_EXCEEDED') && (await this.#keys()).length > 0) return;
      throw new SessionError('STORE_UNAVAILABLE', 'The storage takes no writes.', { cause });
    }
  }

  /** Reads without waiting for anybody, unless a change is half done. */
  async read(keys: readonly string[]): Promise<Values> {
    const values = await this.#read([...keys, this.#journalKey]);
    return values.get(this.#journalKey) === null ? values : this.alone(() => this.#read(keys));
  }

  /** Reads every record, as of one commit. */
  async readAll(): Promise<Values> {
    const values = await this.fence.run('shared', async () =>
      (await this.#journal()) === null ? this.currentAll() : undefined,
    );
    return values ?? this.alone(() => this.currentAll());
  }

  /** Finishes what a crash has cut off. */
  async recover(): Promise<void> {
    if ((await this.#journal()) !== null) await this.alone(async () => {});
  }

  /** Runs a task while nobody else commits, and nothing is half done. */
  alone<Result>(task: () => Promise<Result>): Promise<Result> {
    return this.fence.run('exclusive', async (last) => {
      this.#last = last;
      await this.#replay();
      return task();
    });
  }

  /** {@link read} in a task that runs alone. */
  current(keys: readonly string[]): Promise<Values> {
    return this.#read(keys);
  }

  /** {@link readAll} in a task that runs alone. */
  async currentAll(): Promise<Values> {
    const keys = await this.#keys();
    return this.#read(keys.filter((key) => key.startsWith(this.recordPrefix)));
  }

  /**
   * Commits, in a task that runs alone. Throws only when everything is as it was before.
   *
   * @param before - what lies under the keys that are changed
   * @param linked - whether a crash must not come between the changes
   */
  async change(changes: readonly Entry[], before: Values, linked: boolean): Promise<void> {
    if (changes.length === 0) return;
    const journaled = linked && changes.length > 1;
    await this.#advance();
    try {
      await this.#commit(journaled ? this.#withJournal(changes) : changes);
    } catch (error) {
      await this.#undo(changes, before);
      const full = isSessionError(error, 'QUOTA_EXCEEDED');
      if (!full || !journaled || grows(changes, before)) throw error;
      // Only the journal had no room. Signing out must be possible in a full storage as well.
      await this.change(changes, before, false);
    }
  }

  #withJournal(changes: readonly Entry[]): Entry[] {
    return [[this.#journalKey, JSON.stringify(changes)], ...changes, [this.#journalKey, null]];
  }

  /** Before the first write of a commit: other tabs must know of it even if it is cut off. */
  async #advance(): Promise<void> {
    this.#last++;
    await this.fence.advance(this.#last);
  }

  /** The number comes last: a view that shows it shows all the rest. */
  #commit(entries: readonly Entry[]): Promise<void> {
    return this.#write([...entries, this.#numbered()]);
  }

  /** Puts everything back, under the number of the failed commit: what it wrote may be on its way to other tabs. */
  async #undo(changes: readonly Entry[], before: Values): Promise<void> {
    const undo = changes.map(([key]): Entry => [key, before.get(key)]);
    const written = new Map(changes);
    const growth = ([key, value]: Entry): number => sizeOf(value) - sizeOf(written.get(key));
    // First what makes room.
    undo.sort((one, other) => growth(one) - growth(other));
    try {
      await this.#write([...undo, [this.#journalKey, null]]);
    } catch (cause) {
      this.fence.abandon();
      const text = 'A change has failed, and could not be taken back.';
      throw new SessionError('STORE_UNAVAILABLE', text, { cause });
    }
    await this.#commit([]).catch(() => this.fence.abandon());
  }

  async #replay(): Promise<void> {
    const journal = await this.#journal();
    if (journal === null) return;
    const done: Entry = [this.#journalKey, null];
    const changes = this.#parseJournal(journal);
    await this.#advance();
    try {
      await this.#commit([...changes, done]).catch((error: unknown) => {
        if (!isSessionError(error, 'QUOTA_EXCEEDED')) throw error;
        // The journal holds all that is to be written, so in its place there is room for it.
        return this.#commit([done, ...changes]);
      });
    } catch (error) {
      this.fence.abandon();
      throw error;
    }
  }

  /** Any script of the origin can write a journal, so it may change records only. */
  #parseJournal(journal: unknown): Entry[] {
    try {
      const entries: unknown = JSON.parse(journal as string);
      if (Array.isArray(entries) && entries.every((entry) => this.#isChange(entry))) return entries;
    } catch {
      // Told below.
    }
    this.#onError(
      new SessionError('DECODE_FAILED', 'A journal cannot be read; it was dropped.', {
        raw: journal,
      }),
    );
    return [];
  }

  #isChange(entry: unknown): boolean {
    if (!Array.isArray(entry)) return false;
    const [key, value] = entry as unknown[];
    if (typeof key !== 'string' || !key.startsWith(this.recordPrefix)) return false;
    return value === null || typeof value === 'string';
  }

  async #journal(): Promise<unknown> {
    return (await this.#read([this.#journalKey])).get(this.#journalKey);
  }

  async #number(): Promise<number> {
    const number = Number((await this.#read([this.#numberKey])).get(this.#numberKey));
    return Number.isSafeInteger(number) && number > 0 ? number : 0;
  }

  /** Always as long, so that a full storage takes it. */
  #numbered(): Entry {
    return [this.#numberKey, sortable(this.#last)];
  }

  async #read(keys: readonly string[]): Promise<Values> {
    try {
      return await this.#keyValue.read(keys);
    } catch (error) {
      throw toSessionError(error);
    }
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    try {
      await this.#keyValue.write(entries);
    } catch (error) {
      throw toSessionError(error);
    }
  }

  async #keys(): Promise<readonly string[]> {
    try {
      return await this.#keyValue.keys();
    } catch (error) {
      throw toSessionError(error);
    }
  }
}

function grows(changes: readonly Entry[], before: Values): boolean {
  return changes.some(([key, value]) => sizeOf(value) > sizeOf(before.get(key)));
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}

const quotaErrors = ['QuotaExceededError', 'NS_ERROR_DOM_QUOTA_REACHED'];
const quotaCodes: unknown[] = [22, 1014];

function toSessionError(error: unknown): SessionError {
  const { code } = Object(error) as { code?: unknown };
  return quotaErrors.includes(errorName(error)) || quotaCodes.includes(code)
    ? new SessionError('QUOTA_EXCEEDED', 'The storage is full.', { cause: error })
    : new SessionError('STORE_UNAVAILABLE', 'The storage has failed.', { cause: error });
}
