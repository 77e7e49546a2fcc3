/** Questions and answers between tabs that share memory. */

import type { Clock } from '../../clock.js';
import { errorName, isSessionError, SessionError } from '../../errors.js';
import type { Channel, OpenChannel } from '../../ports.js';
import type { Milliseconds } from '../../session.js';
import { interrupted } from './turns.js';
import { newUid } from '../replica.js';
import { fromWire, toWire, type Message, type Received } from './message.js';

/** A longer pause is our own: what the others have answered is there, and was not looked at yet. */
const longestStep: Milliseconds = 50;

/** How often a question is put before its time is over: a message may be lost. */
const tries = 4;

export interface GroupChannelOptions {
  readonly name: string;
  readonly openChannel: OpenChannel;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly receive: (message: Received) => void;
  /** Called when a tab says that it goes. */
  readonly onLeave: (from: string) => void;
}

export interface Question {
  readonly message: Message;
  /** Who has to answer. */
  readonly members: ReadonlySet<string>;
  readonly isAnswer: (message: Received) => boolean;
  /** How long to wait. */
  readonly time: (hasAnswers: boolean) => Milliseconds;
  /** Called when the question was sent. */
  readonly onTold?: () => void;
  /** Who is a member still; throws to end the waiting. */
  readonly standing: () => Promise<ReadonlySet<string>>;
}

export class GroupChannel {
  readonly #options: GroupChannelOptions;
  /** How other tabs know this one: by another name each time it comes in. */
  #me = newUid();
  #channel: Channel | undefined;
  /** Why it did not open again. */
  #refusal: SessionError | undefined;
  #hear: ((message: Received) => void) | undefined;

  constructor(options: GroupChannelOptions) {
    this.#options = options;
    this.open();
  }

  get me(): string {
    return this.#me;
  }

  rename(): void {
    this.#me = newUid();
  }

  open(): void {
    const { name, openChannel, receive, onLeave } = this.#options;
    const hear = (received: unknown): void => {
      const message = fromWire(received, this.#me);
      if (message === undefined) return;
      this.#hear?.(message);
      if (message.kind === 'leave') onLeave(message.from);
      else receive(message);
    };
    this.#refusal = undefined;
    try {
      this.#channel ??= openChannel(name, hear);
    } catch (cause) {
      this.#refusal = new SessionError('STORE_UNAVAILABLE', 'Other tabs cannot be reached.', {
        cause,
      });
    }
  }

  async close(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    this.#refusal = undefined;
    await channel?.close();
  }

  /** Sends what needs no answer. Never throws: what fails is reported. */
  tell(message: Message): void {
    this.#post(message).catch((error: unknown) => this.report(error));
  }

  /** That this tab is closed, or its page put away, is nobody's concern. */
  report(error: unknown): void {
    if (error !== interrupted && !isSessionError(error, 'STORE_CLOSED'))
      this.#options.onError(error);
  }

  /**
   * Sends a message, and waits until every member has answered it, has left, or has taken too long.
   *
   * @returns the answers by sender
   * @throws {@link SessionError} `ENCODE_FAILED`, with nothing sent
   */
  async ask(question: Question): Promise<ReadonlyMap<string, Received>> {
    const { message, members, isAnswer, time, onTold, standing } = question;
    const { clock } = this.#options;
    const answers = new Map<string, Received>();
    const awaited = new Set(members);
    const prune = async (): Promise<void> => {
      const still = await standing();
      for (const id of awaited) if (!still.has(id)) awaited.delete(id);
    };
    const all = new Promise<void>((resolve) => {
      this.#hear = (heard) => {
        if (!members.has(heard.from) || !(heard.kind === 'leave' || isAnswer(heard))) return;
        if (heard.kind !== 'leave') answers.set(heard.from, heard);
        if (awaited.delete(heard.from) && awaited.size === 0) resolve();
      };
    });
    await this.#post(message);
    onTold?.();
    let before = clock.now();
    let waited = 0;
    let asked = 0;
    while (awaited.size > 0 && waited < time(answers.size > 0)) {
      // Asking who is there is the pause as well: in a hidden tab a timer may take a minute.
      await Promise.race([all, prune()]);
      const now = clock.now();
      waited += Math.min(Math.abs(now - before), longestStep);
      before = now;
      // Whoever has heard it already answers again.
      if (awaited.size > 0 && waited - asked > time(answers.size > 0) / tries) {
        asked = waited;
        await this.#post(message);
      }
    }
    return answers;
  }

  async #post(message: Message): Promise<void> {
    const wire = toWire(message, this.#me);
    if (this.#refusal !== undefined) this.open();
    if (this.#channel === undefined) throw this.#refusal ?? interrupted;
    try {
      await this.#channel.post(wire);
    } catch (cause) {
      if (errorName(cause) !== 'DataCloneError')
        throw new SessionError('STORE_UNAVAILABLE', 'Other tabs cannot be reached.', { cause });
      const text = 'The data holds something that cannot be given to other tabs.';
      throw new SessionError('ENCODE_FAILED', text, { cause });
    }
  }
}
