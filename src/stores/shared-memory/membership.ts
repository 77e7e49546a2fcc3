/** One tab's part in a group that shares memory: coming in, keeping up, and being thrown out. */

import type { StoreReset } from '../../backend.js';
import type { Clock } from '../../clock.js';
import type { OpenChannel } from '../../ports.js';
import type { Milliseconds } from '../../session.js';
import { GroupChannel, type Question } from './channel.js';
import { GroupLocks } from './locks.js';
import { interrupted, type Turn } from './turns.js';
import type { HeldLock, LockTable } from '../lock-table.js';
import type { RecordChanges } from '../memory-records.js';
import { newUid, type Replica } from '../replica.js';
import type { Received } from './message.js';

/** How long a tab may take to confirm a commit, or to say how far it is, before it is thrown out. */
export const answerTime: Milliseconds = 250;

/** How long whoever has no records yet waits for the first answer of those who do: without it they are lost. */
export const firstAnswerTime: Milliseconds = 2000;

/** Stands for tabs that are not known. */
const somebody = '';

export interface GroupMembershipOptions {
  /** Of the channel. */
  readonly name: string;
  readonly table: LockTable;
  readonly openChannel: OpenChannel;
  readonly clock: Clock;
  readonly replica: Replica;
  readonly onError: (error: unknown) => void;
  readonly onReset: (reset: StoreReset) => void;
  /** Called when this tab has to come in again. */
  readonly onOut: () => void;
}

export class GroupMembership {
  readonly channel: GroupChannel;
  readonly locks: GroupLocks;
  readonly #replica: Replica;
  readonly #onReset: (reset: StoreReset) => void;
  readonly #onOut: () => void;
  #held: HeldLock | undefined;
  #hasJoined = false;
  /** Who alone may commit next: the one who asked last, until anybody has. */
  #next: string | undefined;

  constructor(options: GroupMembershipOptions) {
    const { table, replica, onReset, onOut } = options;
    this.#replica = replica;
    this.#onReset = onReset;
    this.#onOut = onOut;
    this.locks = new GroupLocks(table);
    this.channel = new GroupChannel({
      ...options,
      receive: (message) => this.#held && this.#receive(message),
      // Of whoever it does not belong to yet, this tab cannot know what they did last.
      onLeave: (from) => this.#held && replica.others.delete(from),
    });
  }

  /** Whether this tab belongs to the group, as far as it knows. */
  get isMember(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Brings this tab into the group, and up to its last commit.
   *
   * @returns the other members, who have come as far
   */
  async catchUp(turn: Turn): Promise<ReadonlySet<string>> {
    for (;;) {
      const { members, complete } = await this.locks.look();
      if (turn.isOver) throw interrupted;
      const others = new Set(members);
      if (!others.delete(this.channel.me)) this.#dismiss();
      const { isMember } = this;
      if (!isMember || String(complete) !== this.#replica.position.uid) {
        // Whoever has the next turn must not take it for the last word either.
        await this.locks.steal(complete.map((uid) => `complete:${uid}` as const));
        if (!(await this.#agree(turn, others, isMember))) continue;
      }
      if (!isMember) await this.#enter(turn, others.size === 0);
      // Nor does it take in itself what another tab had begun, until its own commit is told.
      this.#next = this.channel.me;
      this.#replica.others = others;
      return others;
    }
  }

  /** Asks members, as long as the turn lasts. */
  ask(turn: Turn, question: Omit<Question, 'standing'>): Promise<ReadonlyMap<string, Received>> {
    const standing = async (): Promise<ReadonlySet<string>> => {
      const look = await this.locks.look();
      // Whoever was robbed must throw nobody out. The browser tells it as well, but perhaps later than it answers.
      const isLost = this.isMember && !look.isTurnOf(this.channel.me);
      if (turn.isOver || isLost) throw interrupted;
      return look.members;
    };
    return this.channel.ask({ ...question, standing });
  }

  throwOut(ids: readonly string[]): Promise<void> {
    return this.locks.steal(ids.map((id) => `member:${id}` as const));
  }

  /** The turn is over: the next commit may be that of any tab again. */
  rest(): void {
    if (this.#next === this.channel.me) this.#next = undefined;
  }

  /** Whether this tab belongs to the group still: one that did not answer in time may not have been told yet. */
  async isCurrent(): Promise<boolean> {
    return this.isMember && (await this.locks.look()).members.has(this.channel.me);
  }

  leave(): void {
    if (this.#held === undefined) return;
    this.channel.tell({ kind: 'leave' });
    this.#held.release();
    this.#held = undefined;
  }

  /**
   * Asks the other members how far they are.
   *
   * @returns whether they and this tab have come as far now; else some were thrown out, and the rest has to be asked again: as
   *   long as they were members, they could confirm what another tab had begun
   */
  async #agree(turn: Turn, others: ReadonlySet<string>, isMember: boolean): Promise<boolean> {
    if (!isMember) this.channel.rename();
    const round = newUid();
    const answers = await this.ask(turn, {
      message: { kind: 'ask', round },
      members: others,
      isAnswer: (message) => message.kind === 'have' && message.round === round,
      // A member has all that was ever acknowledged, and needs nobody.
      time: (hasAnswers) => (isMember || hasAnswers ? answerTime : firstAnswerTime),
    });
    let newest = { seq: -1, uid: '', from: '', ...(isMember && this.#replica.position) };
    const uids = new Map<string, string>();
    for (const answer of answers.values()) {
      if (answer.kind !== 'have') continue;
      uids.set(answer.from, answer.uid);
      if (answer.seq > newest.seq) newest = answer;
    }
    const silent = [...others].filter((id) => !uids.has(id));
    if (silent.length > 0 || (newest.from !== '' && !(await this.#pull(turn, newest.from)))) {
      await this.throwOut(silent.length > 0 ? silent : [newest.from]);
      return false;
    }
    for (const [id, uid] of uids) if (uid !== newest.uid) await this.#bringUp(turn, id);
    return true;
  }

  /** Gives a member who is behind all that this tab has. */
  async #bringUp(turn: Turn, id: string): Promise<void> {
    const { position } = this.#replica;
    const answers = await this.ask(turn, {
      message: { kind: 'state', to: id, ...position, changes: this.#all() },
      members: new Set([id]),
      isAnswer: (message) => message.kind === 'have' && message.uid === position.uid,
      time: () => answerTime,
    });
    if (answers.size === 0) await this.throwOut([id]);
  }

  /** Takes over all that another member has. @returns whether it came */
  async #pull(turn: Turn, from: string): Promise<boolean> {
    const answers = await this.ask(turn, {
      message: { kind: 'pull', to: from },
      members: new Set([from]),
      isAnswer: (message) => message.kind === 'state',
      time: () => firstAnswerTime,
    });
    const state = answers.get(from);
    if (state?.kind !== 'state') return false;
    this.#replace(() => this.#replica.adopt(state, state.changes));
    this.#replica.others.add(from);
    return true;
  }

  async #enter(turn: Turn, isAlone: boolean): Promise<void> {
    if (isAlone) this.#replace(() => this.#replica.goOnAlone());
    const { me } = this.channel;
    const held = await this.locks.hold(`member:${me}`, () => {
      if (this.#held !== held) return;
      this.#dismiss();
      this.#onOut();
    });
    const { isTurnOf } = await this.locks.look();
    if (turn.isOver || !isTurnOf(me)) {
      held.release();
      throw interrupted;
    }
    this.#held = held;
    this.#hasJoined = true;
  }

  /** Tells where what this tab had is lost (R16). */
  #replace(replace: () => void): void {
    const { epoch: previous } = this.#replica.position;
    replace();
    const { epoch } = this.#replica.position;
    if (this.#hasJoined && epoch !== previous) this.#onReset({ epoch, previous });
  }

  /** Notes that this tab is no member any more, and others may go on with its records. */
  #dismiss(): void {
    if (this.#held === undefined) return;
    this.#held = undefined;
    this.#replica.others.add(somebody);
  }

  #receive(message: Received): void {
    const { kind, from } = message;
    const replica = this.#replica;
    if (kind === 'ask') {
      replica.others.add(from);
      // A commit that another tab had begun before, and was stopped in, must not come after this answer.
      this.#next = from;
      this.channel.tell({ kind: 'have', to: from, round: message.round, ...replica.position });
    } else if (kind === 'pull') {
      this.channel.tell({ kind: 'state', to: from, ...replica.position, changes: this.#all() });
    } else if (kind === 'commit') {
      this.#follow(message);
    } else if (kind === 'state' && from === this.#next) {
      if (message.seq > replica.position.seq) replica.adopt(message, message.changes);
      this.#confirm(from);
    }
  }

  #all(): RecordChanges {
    return new Map(this.#replica.records.all().map((record) => [record.id, record]));
  }

  #confirm(to: string): void {
    this.channel.tell({ kind: 'have', to, round: '', ...this.#replica.position });
  }

  #follow({ from, after, changes, ...commit }: Received & { readonly kind: 'commit' }): void {
    const replica = this.#replica;
    if (after === replica.position.uid) {
      if (this.#next !== undefined && this.#next !== from) return;
      this.#next = undefined;
      replica.apply(commit, changes);
    } else if (commit.uid !== replica.position.uid) {
      // It does not follow: it comes from a tab that was stopped in its turn, or this one was thrown out and missed some. No
      // member misses any, since no turn ends before all have answered.
      return;
    }
    this.#confirm(from);
  }
}
