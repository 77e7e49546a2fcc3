/** localStorage and its like as a {@link KeyValue}. */

import type { KeyValue } from './journaled-store.js';

export function storageAreaStore(area: Storage): KeyValue {
  return {
    // By these methods only: as a property, a key such as `length` would be taken for Storage's own.
    read: (keys) => new Map(keys.map((key) => [key, area.getItem(key)])),
    write(entries, turn) {
      for (const [key, value] of entries) {
        turn.check();
        if (value === null) area.removeItem(key);
        else area.setItem(key, value as string);
      }
    },
    keys: () => Array.from({ length: area.length }, (_, index) => String(area.key(index))),
  };
}
