/**
 * Memory that all tabs of an origin share: each has a replica, and reads it without asking anybody.
 *
 * Tabs commit in turns, under a Web Lock. A commit is told to every other tab, and is made when all of them have it; so
 * whichever tab dies, those that are left have all that was ever acknowledged. A tab that does not answer in time (it is
 * frozen, or busy) is thrown out of the group, and comes in again with what the others have: it never holds up anybody for
 * longer, and never brings anything back.
 *
 * A commit that the death of its writer cuts off is with some tabs and not with others. So a lock says which commit is
 * complete. It is taken away before the next one begins, and dies with its holder: where it is missing, or names another
 * commit than one's own last, whoever has the turn first asks everyone, and all go on from the furthest.
 */

import { SessionError } from '../../errors.js';
import { answerTime, GroupMembership, type GroupMembershipOptions } from './membership.js';
import { GroupTurns, interrupted, type Turn } from './turns.js';
import { LockTable, type HeldLock } from '../lock-table.js';
import type { MemoryRecords, RecordChanges } from '../memory-records.js';
import { newUid, type Replica } from '../replica.js';

export interface SharedMemoryOptions extends Omit<GroupMembershipOptions, 'table' | 'onOut'> {
  readonly locks: LockManager;
  /** Where `pagehide` and `pageshow` arrive. */
  readonly page: EventTarget | undefined;
}

export class SharedMemory {
  readonly #replica: Replica;
  readonly #turns: GroupTurns;
  readonly #membership: GroupMembership;
  readonly #listeners = new AbortController();
  /** Says that the last commit of this tab is complete. */
  #complete: HeldLock | undefined;
  #joining: Promise<void> | undefined;

  constructor({ locks, page, ...options }: SharedMemoryOptions) {
    const name = `tabkeep:${encodeURIComponent(options.name)}:memory`;
    const table = new LockTable(locks, `${name}:`);
    const onOut = (): void => this.#come();
    this.#replica = options.replica;
    this.#turns = new GroupTurns(table, options.clock);
    this.#membership = new GroupMembership({ ...options, name, table, onOut });
    const { signal } = this.#listeners;
    page?.addEventListener('pagehide', () => this.#onHide(), { signal });
    page?.addEventListener('pageshow', () => this.#onShow(), { signal });
  }

  /** The records, once this tab belongs to the group. */
  async records(): Promise<MemoryRecords> {
    if (!(await this.#membership.isCurrent())) {
      this.#joining ??= this.#take(
        async (turn) => void (await this.#membership.catchUp(turn)),
      ).finally(() => {
        this.#joining = undefined;
      });
      await this.#joining;
    }
    return this.#replica.records;
  }

  /**
   * Commits what `decide` makes of the newest records.
   *
   * @throws {@link SessionError} `ENCODE_FAILED`, with nothing written; `STORE_UNAVAILABLE` when this tab was stopped for so
   *   long that others went on without it; and whatever `decide` throws
   */
  commit(decide: (records: MemoryRecords) => RecordChanges): Promise<void> {
    return this.#take(async (turn) => {
      const others = await this.#membership.catchUp(turn);
      const changes = decide(this.#replica.records);
      if (changes.size > 0) await this.#publish(turn, others, changes);
    });
  }

  #take<Result>(task: (turn: Turn) => Promise<Result>): Promise<Result> {
    return this.#turns.take((turn) => task(turn).finally(() => this.#membership.rest()));
  }

  async close(): Promise<void> {
    this.#listeners.abort();
    await this.#turns.close();
    this.#leave();
    await this.#membership.channel.close();
  }

  async #publish(turn: Turn, others: ReadonlySet<string>, changes: RecordChanges): Promise<void> {
    const membership = this.#membership;
    const { epoch, seq, uid: after } = this.#replica.position;
    const position = { epoch, seq: seq + 1, uid: newUid() };
    let isTold = false;
    try {
      await this.#begin(after);
      const answers = await membership.ask(turn, {
        message: { kind: 'commit', ...position, after, changes },
        members: others,
        isAnswer: (message) => message.kind === 'have' && message.uid === position.uid,
        time: () => answerTime,
        onTold: () => {
          isTold = true;
          this.#replica.apply(position, changes);
        },
      });
      await membership.throwOut([...others].filter((id) => !answers.has(id)));
      const [complete, { isTurnOf }] = await Promise.all([
        membership.locks.hold(`complete:${position.uid}`),
        membership.locks.look(),
      ]);
      this.#complete = complete;
      if (turn.isOver || !isTurnOf(membership.channel.me)) throw interrupted;
    } catch (cause) {
      if (!isTold) throw cause;
      this.#leave();
      this.#come();
      const text = 'This tab was stopped in a commit: it is not known whether it was made.';
      throw new SessionError('STORE_UNAVAILABLE', text, { cause });
    }
  }

  /** From now on the last commit is the last no more. */
  async #begin(last: string): Promise<void> {
    const name = `complete:${last}` as const;
    // Our own is let go of in passing: whoever dies loses it anyway, and until then nobody else has a turn.
    if (this.#complete?.name === name) this.#complete.release();
    else await this.#membership.locks.steal([name]);
    this.#complete = undefined;
  }

  /** Comes into the group in the background. */
  #come(): void {
    this.records().catch((error: unknown) => this.#membership.channel.report(error));
  }

  #leave(): void {
    this.#membership.leave();
    this.#complete?.release();
    this.#complete = undefined;
  }

  // Some browsers put no page away that holds a lock, or has a channel open.
  #onHide(): void {
    const { channel } = this.#membership;
    this.#leave();
    this.#turns.hide();
    channel.close().catch((error: unknown) => channel.report(error));
  }

  #onShow(): void {
    this.#membership.channel.open();
    this.#turns.show();
    this.#come();
  }
}
