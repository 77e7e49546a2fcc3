/** An index in memory: ids in the order of a key, then of the id itself. */

type Key = string | number;

interface Entry {
  readonly key: Key;
  readonly id: string;
}

/** Sorted array with binary search: moving 100,000 pointers takes microseconds, and nothing is simpler. */
export class SortedIndex {
  readonly #entries: Entry[] = [];

  add(key: Key, id: string): void {
    this.#entries.splice(this.#firstNotBefore({ key, id }), 0, { key, id });
  }

  remove(key: Key, id: string): void {
    const at = this.#firstNotBefore({ key, id });
    if (this.#entries[at]?.id === id) this.#entries.splice(at, 1);
  }

  /** Ids after `after`, or from the first with a key of at least `from`; the caller stops when it has enough. */
  *ids(range: {
    readonly from?: Key | undefined;
    readonly upTo: Key;
    readonly after?: Entry | undefined;
  }): Generator<string> {
    const { from, upTo, after } = range;
    let at = 0;
    if (after !== undefined) at = this.#firstNotBefore({ key: after.key, id: `${after.id}\0` });
    else if (from !== undefined) at = this.#firstNotBefore({ key: from, id: '' });
    for (; at < this.#entries.length; at++) {
      const { key, id } = this.#entries[at]!;
      if (key > upTo) return;
      yield id;
    }
  }

  #firstNotBefore(sought: Entry): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { key, id } = this.#entries[middle]!;
      if (key < sought.key || (key === sought.key && id < sought.id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
