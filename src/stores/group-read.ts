/** Group read: the reads of one turn of the event loop are one transaction of the storage below. */

import type { CurrentRecords, StoredRecord } from '../backend.js';

interface Turn {
  readonly ids: Set<string>;
  readonly records: Promise<CurrentRecords>;
}

export class GroupRead {
  readonly #readAll: (ids: ReadonlySet<string>) => Promise<CurrentRecords>;
  #turn: Turn | undefined;

  constructor(readAll: (ids: ReadonlySet<string>) => Promise<CurrentRecords>) {
    this.#readAll = readAll;
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const turn = (this.#turn ??= this.#begin());
    turn.ids.add(id);
    const records = await turn.records;
    return records.get(id);
  }

  #begin(): Turn {
    const ids = new Set<string>();
    const records = Promise.resolve().then(() => {
      this.#turn = undefined;
      return this.#readAll(ids);
    });
    return { ids, records };
  }
}
