/**
 * The epoch of a storage of keys and texts (R16). It lies under a key beside the records and is written with the first of
 * them: there is nothing to lose before.
 */

import type { StoreReset } from '../backend.js';
import type { Clock } from '../clock.js';
import { isSessionError } from '../errors.js';
import type { Milliseconds } from '../session.js';
import { EpochWatch, newEpoch, parseEpoch, type Epoch, type Witness } from './epoch.js';

export interface EpochKeyOptions {
  readonly witness: Witness | undefined;
  readonly tell: (reset: StoreReset) => void;
  readonly clock: Clock;
  /** Called when the witness has spoken, for which not everybody has waited. */
  readonly lookAgain: () => void;
}

/** How long the first look into an empty storage waits for the witness. */
const patience: Milliseconds = 1000;

export class EpochKey {
  readonly #options: EpochKeyOptions;
  readonly #watch: EpochWatch;
  #asking: Promise<void> | undefined;
  #isAsked: boolean;
  /** What the witness says, as far as is known. */
  #witnessed: string | undefined;
  /** That, until it was compared with the storage. */
  #doubt: string | undefined;
  #isMissing = false;
  /** That of a store which had no room for it. */
  #unwritten: Epoch | undefined;

  constructor(options: EpochKeyOptions) {
    this.#options = options;
    this.#watch = new EpochWatch(options.tell);
    this.#isAsked = options.witness === undefined;
  }

  /** Whether all that can be known of the storage's past is known. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** Whether the storage has no epoch yet, as last settled. */
  get isMissing(): boolean {
    return this.#isMissing;
  }

  /**
   * Whether the storage is the one that it was. What does not fit has to be settled; nothing that was not found in it is
   * proven to be absent before.
   *
   * @param text - what lies under the key
   */
  async fits(text: unknown): Promise<boolean> {
    const asking = this.#isAsked ? undefined : this.#ask();
    if (this.#watch.known === undefined && parse(text) === undefined) await asking;
    return this.fitsKnown(text);
  }

  /** {@link fits} as far as it is known, without asking. */
  fitsKnown(text: unknown): boolean {
    const epoch = parse(text);
    if (epoch !== undefined && (this.#doubt ?? epoch.id) === epoch.id) {
      this.#doubt = undefined;
      if (this.#watch.known === undefined) this.#watch.meet(epoch);
      this.#keepWitness();
    }
    return this.#doubt === undefined && this.#watch.known === epoch?.id;
  }

  /** Whether it is known that there was a storage. */
  get isKnown(): boolean {
    return (this.#watch.known ?? this.#doubt) !== undefined;
  }

  /** Whether the storage shows nothing of the one that it was. */
  isLost(text: unknown): boolean {
    return this.isKnown && parse(text) === undefined;
  }

  /**
   * Finds out what has become of the storage, while nobody else commits and this view shows all.
   *
   * @param write - puts a text under the key
   */
  async settle(text: unknown, write: (text: string) => Promise<void>): Promise<void> {
    const found = parse(text);
    this.#isMissing = found === undefined && !this.isLost(text);
    if (this.#isMissing) return;
    if (found !== undefined && this.#unwritten !== undefined) {
      this.#watch.rename(this.#unwritten.id, found.id);
      this.#unwritten = undefined;
    }
    const epoch = found ?? (this.#unwritten ??= newEpoch());
    if (found === undefined) await this.#write(epoch, write);
    const news = this.#watch.meet(epoch, this.#doubt);
    this.#doubt = undefined;
    this.#keepWitness();
    if (news !== undefined) await this.#write(news, write);
  }

  /** Gives the storage its epoch, while nobody else commits. */
  async begin(write: (text: string) => Promise<void>): Promise<void> {
    const epoch = (this.#unwritten = newEpoch());
    await this.#write(epoch, write);
    this.#isMissing = this.#unwritten !== undefined;
    if (this.#isMissing) return;
    this.#watch.meet(epoch);
    this.#keepWitness();
  }

  /** In a full storage it is tried again: to read there, and to sign out, must be possible without. */
  async #write(epoch: Epoch, write: (text: string) => Promise<void>): Promise<void> {
    try {
      await write(JSON.stringify(epoch));
      this.#unwritten = undefined;
    } catch (error) {
      if (!isSessionError(error, 'QUOTA_EXCEEDED')) throw error;
    }
  }

  #keepWitness(): void {
    const { known } = this.#watch;
    if (!this.#isAsked || known === undefined || known === this.#witnessed) return;
    this.#witnessed = known;
    this.#options.witness?.write(known);
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#hearWitness();
    return this.#asking;
  }

  async #hearWitness(): Promise<void> {
    const { clock, witness, lookAgain } = this.#options;
    const id = await new Promise<string | undefined>((resolve) => {
      const cancel = clock.after(patience, () => resolve(undefined));
      const reading = Promise.resolve(witness?.read());
      reading.then(resolve, () => resolve(undefined)).finally(cancel);
    });
    this.#witnessed = id;
    this.#doubt = id;
    this.#isAsked = true;
    lookAgain();
  }
}

function parse(text: unknown): Epoch | undefined {
  try {
    return parseEpoch(JSON.parse(text as string));
  } catch {
    return undefined;
  }
}
