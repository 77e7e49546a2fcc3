/** One tab's copy of shared memory. */

import { generateSessionId } from '../session-id.js';
import { MemoryRecords, type RecordChanges } from './memory-records.js';
import type { Position } from './shared-memory/message.js';

/** A name for something that nothing else ever bears. */
export const newUid: () => string = generateSessionId;

/** Outlives the store that made it: a backend object that is opened again goes on with it where that is sound. */
export class Replica {
  #records = new MemoryRecords();
  #position = beginning();
  /** Tabs that may go on with the same records while this one is away. */
  others: Set<string> = new Set();

  get records(): MemoryRecords {
    return this.#records;
  }

  get position(): Position {
    return this.#position;
  }

  /** The next commit of the same history. */
  apply(position: Position, changes: RecordChanges): void {
    this.#records.apply(changes);
    this.#position = positionOf(position);
  }

  /** What another tab has in the place of everything. */
  adopt(position: Position, changes: RecordChanges): void {
    this.#records = new MemoryRecords();
    this.apply(position, changes);
  }

  /**
   * Goes on as the only tab there is. If others went on with these records, and are gone, nobody can say any more what they
   * ended: then nothing is kept, or what they ended would live again (R4).
   */
  goOnAlone(): void {
    if (this.others.size > 0) this.adopt(beginning(), new Map());
    this.others = new Set();
  }
}

function beginning(): Position {
  const uid = newUid();
  return { epoch: uid, seq: 0, uid };
}

function positionOf({ epoch, seq, uid }: Position): Position {
  return { epoch, seq, uid };
}
