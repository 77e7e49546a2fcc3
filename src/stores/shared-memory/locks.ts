/** The locks by which tabs that share memory know of each other. */

import { lockError, type HeldLock, type LockTable } from '../lock-table.js';

/** Whose turn it is. */
export const turnName = 'turn';

/** That this tab belongs to the group, until it is taken away. */
export type MemberLock = `member:${string}`;
/** That every member has this commit, and no other was begun. */
export type CompleteLock = `complete:${string}`;

/** What the browser says is held just now. */
export interface Look {
  /** The ids of all members. */
  readonly members: ReadonlySet<string>;
  /** The commits that are said to be complete. */
  readonly complete: readonly string[];
  /** Whether the turn is that of this member's page. */
  readonly isTurnOf: (member: string) => boolean;
}

export class GroupLocks {
  readonly #table: LockTable;

  constructor(table: LockTable) {
    this.#table = table;
  }

  async look(): Promise<Look> {
    const held = await this.#table.held();
    const pageOf = new Map(held.map(({ name, clientId }) => [name!, clientId]));
    const named = (kind: string): string[] =>
      [...pageOf.keys()]
        .filter((name) => name.startsWith(kind))
        .map((name) => name.slice(kind.length));
    return {
      members: new Set(named('member:')),
      complete: named('complete:'),
      isTurnOf: (member) =>
        pageOf.has(turnName) && pageOf.get(turnName) === pageOf.get(`member:${member}`),
    };
  }

  /** @param onLost - called when it is taken away */
  hold(name: MemberLock | CompleteLock, onLost = (): void => {}): Promise<HeldLock> {
    return new Promise((resolve, reject) => {
      let isHeld = false;
      const hold = (): Promise<void> =>
        new Promise((release) => {
          isHeld = true;
          resolve({ name, release });
        });
      this.#table.request(name, {}, hold).catch((error: unknown) => {
        if (isHeld) onLost();
        else reject(lockError(error));
      });
    });
  }

  async steal(names: readonly (MemberLock | CompleteLock)[]): Promise<void> {
    await Promise.all(names.map((name) => this.#table.steal(name)));
  }
}
