/** The witness of a store that lies in IndexedDB: an item of localStorage. */

import { localStorageArea } from '../environment.js';
import type { Witness } from './epoch.js';

export interface ItemWitness extends Witness {
  read(): string | undefined;
}

/**
 * Workers have no localStorage, and where storage is refused even looking at it throws.
 *
 * @param prefix - begins the keys of a namespace
 * @param area - tells stores of one namespace apart
 */
export function itemWitness(prefix: string, area = ''): ItemWitness {
  const key = `${prefix}witness${area && `:${area}`}`;
  return {
    read: () => attempt(() => localStorageArea()?.getItem(key)) ?? undefined,
    write: (id) => attempt(() => localStorageArea()?.setItem(key, id)),
  };
}

function attempt<Result>(use: () => Result): Result | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
