/**
 * A storage of keys and texts in which a change of several keys is all or nothing, whatever crashes (R10), and follows the
 * one before it (R2). The journal says what a change of several keys is about to write. Whoever finds one finishes the
 * change; writing it all once more is harmless.
 */

import { isSessionError, SessionError } from '../errors.js';
import type { EpochKey } from './epoch-key.js';
import { sortable, wiped, type Fence } from './fence.js';
import { parseJournal } from './journal.js';
import { storageError } from './storage-error.js';
import { freeTurn, LostTurn, type Turn } from './turn.js';

/** What to write under a key; `null` removes it. */
export type Entry = readonly [key: string, value: unknown];

/** What lies under each key that was asked for; `null` where there is nothing. */
export type Values = ReadonlyMap<string, unknown>;

/** A storage of keys and texts. Where it answers at once, nothing comes between the parts of one call. */
export interface KeyValue {
  read(keys: readonly string[]): Values | Promise<Values>;
  /** In this order. Each key is written as a whole or not at all, and only if `turn` allows it right before. */
  write(entries: readonly Entry[], turn: Turn): void | Promise<void>;
  keys(): readonly string[] | Promise<readonly string[]>;
}

export interface JournaledStoreOptions {
  readonly keyValue: KeyValue;
  /** Begins every key of this namespace, and of no other. */
  readonly prefix: string;
  readonly fence: (shown: () => Promise<number>) => Fence;
  readonly epoch: EpochKey;
  readonly onError: (error: unknown) => void;
}

export class JournaledStore {
  readonly fence: Fence;
  /** Begins every key but the store's own. */
  readonly recordPrefix: string;
  readonly epochKey: string;
  readonly #epoch: EpochKey;
  readonly #keyValue: KeyValue;
  readonly #probeKey: string;
  readonly #numberKey: string;
  readonly #journalKey: string;
  readonly #onError: (error: unknown) => void;
  /** The number of the last commit, while a task runs alone. */
  #last = 0;

  constructor({ keyValue, prefix, fence, epoch, onError }: JournaledStoreOptions) {
    this.#keyValue = keyValue;
    this.#epoch = epoch;
    this.recordPrefix = `${prefix}r:`;
    this.epochKey = `${prefix}epoch`;
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
      await this.#write([[this.#probeKey, 'probe']], freeTurn);
      await this.#write([[this.#probeKey, null]], freeTurn);
    } catch (cause) {
      if (isSessionError(cause, 'QUOTA_EXCEEDED') && (await this.#keys()).length > 0) return;
      throw new SessionError('STORE_UNAVAILABLE', 'The storage takes no writes.', { cause });
    }
  }

  /** Reads without waiting for anybody, unless a change is half done or the storage is not what it was. */
  async read(keys: readonly string[]): Promise<Values> {
    const values = await this.#read([...keys, this.#journalKey, this.epochKey]);
    const isSound =
      values.get(this.#journalKey) === null && (await this.#epoch.fits(values.get(this.epochKey)));
    return isSound ? values : this.alone(() => this.#read(keys));
  }

  /** Sees to it that a wiped storage is not taken for an empty one (R16). */
  async look(): Promise<void> {
    await this.read([]);
  }

  /** Reads every record, as of one commit. */
  async readAll(): Promise<Values> {
    const values = await this.fence.run('shared', async (_, turn) => {
      const { journal, epoch } = await this.#state();
      if (journal !== null || !this.#epoch.fitsKnown(epoch)) return;
      const all = await this.currentAll();
      await turn.renew();
      return all;
    });
    return values ?? this.alone(() => this.currentAll());
  }

  /** Finishes what a crash has cut off. */
  async recover(): Promise<void> {
    if ((await this.#state()).journal !== null) await this.alone(async () => {});
  }

  /** Runs a task while nobody else commits, and nothing is half done. */
  async alone<Result>(task: (turn: Turn) => Promise<Result>): Promise<Result> {
    // Not while others wait.
    if (!this.#epoch.isAsked) await this.#epoch.fits((await this.#state()).epoch);
    return this.fence.run('exclusive', async (last, turn) => {
      this.#last = last;
      const { journal, epoch } = await this.#state();
      await this.#replay(journal, turn);
      await this.#epoch.settle(epoch, async (text) => {
        await this.#advance(turn);
        try {
          await this.#commit([[this.epochKey, text]], turn);
        } catch (error) {
          this.fence.abandon();
          throw error;
        }
      });
      const before = this.#last;
      const result = await task(turn);
      // What was only read may be a mixture, if others have come between.
      if (this.#last === before) await turn.renew();
      return result;
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
  async change(
    changes: readonly Entry[],
    before: Values,
    linked: boolean,
    turn: Turn,
  ): Promise<void> {
    if (changes.length === 0) return;
    const journaled = linked && changes.length > 1;
    await this.#advance(turn);
    try {
      if (this.#epoch.isMissing) {
        await this.#epoch.begin((text) => this.#write([[this.epochKey, text]], turn));
      }
      await this.#commit(journaled ? this.#withJournal(changes) : changes, turn);
    } catch (error) {
      if (error instanceof LostTurn) return this.#leave(error, journaled ? 1 : changes.length);
      await this.#undo(changes, before, turn);
      const full = isSessionError(error, 'QUOTA_EXCEEDED');
      if (!full || !journaled || grows(changes, before)) throw error;
      // Only the journal had no room. Signing out must be possible in a full storage as well.
      await this.change(changes, before, false, turn);
    }
  }

  #withJournal(changes: readonly Entry[]): Entry[] {
    return [[this.#journalKey, JSON.stringify(changes)], ...changes, [this.#journalKey, null]];
  }

  /** Before the first write of a commit: other tabs must know of it even if it is cut off. */
  async #advance(turn: Turn): Promise<void> {
    await turn.renew();
    this.#last++;
    await this.fence.advance(this.#last);
  }

  /** The number comes last: a view that shows it shows all the rest. */
  #commit(entries: readonly Entry[], turn: Turn): Promise<void> {
    return this.#write([...entries, this.#numbered()], turn);
  }

  /**
   * The turn has ended amid a commit, whose next writes would be over those of others.
   *
   * @param enough - how many writes, each known to be there when the next was allowed, make others see or finish it all
   */
  #leave(lost: LostTurn, enough: number): void {
    this.fence.abandon();
    if (lost.allowed > enough) return;
    if (lost.allowed === 0) throw lost;
    const text = 'This tab was stopped while it wrote. Whether the change is stored is not known.';
    throw new SessionError('STORE_UNAVAILABLE', text, { cause: lost });
  }

  /** Puts everything back, under the number of the failed commit: what it wrote may be on its way to other tabs. */
  async #undo(changes: readonly Entry[], before: Values, turn: Turn): Promise<void> {
    const undo = changes.map(([key]): Entry => [key, before.get(key)]);
    const written = new Map(changes);
    const growth = ([key, value]: Entry): number => sizeOf(value) - sizeOf(written.get(key));
    // First what makes room.
    undo.sort((one, other) => growth(one) - growth(other));
    try {
      await this.#write([...undo, [this.#journalKey, null]], turn);
    } catch (cause) {
      this.fence.abandon();
      const text = 'A change has failed, and could not be taken back.';
      throw new SessionError('STORE_UNAVAILABLE', text, { cause });
    }
    await this.#commit([], turn).catch(() => this.fence.abandon());
  }

  async #replay(journal: unknown, turn: Turn): Promise<void> {
    if (journal === null) return;
    const done: Entry = [this.#journalKey, null];
    const changes = parseJournal(journal, this.recordPrefix, this.#onError);
    await this.#advance(turn);
    try {
      await this.#commit([...changes, done], turn).catch((error: unknown) => {
        if (!isSessionError(error, 'QUOTA_EXCEEDED')) throw error;
        // The journal holds all that is to be written, so in its place there is room for it.
        return this.#commit([done, ...changes], turn);
      });
    } catch (error) {
      this.fence.abandon();
      throw error;
    }
  }

  async #state(): Promise<{ readonly journal: unknown; readonly epoch: unknown }> {
    const values = await this.#read([this.#journalKey, this.epochKey]);
    return { journal: values.get(this.#journalKey), epoch: values.get(this.epochKey) };
  }

  async #number(): Promise<number> {
    const number = Number((await this.#read([this.#numberKey])).get(this.#numberKey));
    if (Number.isSafeInteger(number) && number > 0) return number;
    const isLost = this.#epoch.isKnown && this.#epoch.isLost((await this.#state()).epoch);
    return isLost ? wiped : 0;
  }

  /** Always as long, so that a full storage takes it. */
  #numbered(): Entry {
    return [this.#numberKey, sortable(this.#last)];
  }

  async #read(keys: readonly string[]): Promise<Values> {
    try {
      return await this.#keyValue.read(keys);
    } catch (error) {
      throw storageError(error);
    }
  }

  /** @throws {@link LostTurn} that tells how many writes were allowed */
  async #write(entries: readonly Entry[], turn: Turn): Promise<void> {
    let allowed = 0;
    const counted: Turn = {
      check() {
        turn.check();
        allowed++;
      },
      async renew() {
        await turn.renew();
        allowed++;
      },
    };
    try {
      await turn.renew();
      await this.#keyValue.write(entries, counted);
    } catch (error) {
      throw error instanceof LostTurn ? new LostTurn(allowed) : storageError(error);
    }
  }

  async #keys(): Promise<readonly string[]> {
    try {
      return await this.#keyValue.keys();
    } catch (error) {
      throw storageError(error);
    }
  }
}

function grows(changes: readonly Entry[], before: Values): boolean {
  return changes.some(([key, value]) => sizeOf(value) > sizeOf(before.get(key)));
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}
