/** A set of listeners of which none can harm another. */

import { demand } from './options.js';
import type { ErrorContext } from './ports.js';

export interface Listeners<News extends unknown[]> {
  /** @returns stops it. One function may be added twice, and then leaves one by one. */
  readonly subscribe: (listener: (...news: News) => void) => () => void;
  /** R15: one that throws is reported and starves no other. */
  readonly tell: (...news: News) => void;
  readonly any: () => boolean;
}

export function listeners<News extends unknown[]>(
  onError: (error: unknown, context: ErrorContext) => void,
): Listeners<News> {
  const all = new Set<(...news: News) => void>();
  return {
    subscribe(listener) {
      demand(typeof listener === 'function', 'a listener must be a function');
      const own = (...news: News): void => listener(...news);
      all.add(own);
      return () => void all.delete(own);
    },

    tell(...news) {
      for (const listener of all) {
        try {
          listener(...news);
        } catch (error) {
          onError(error, { during: 'listener' });
        }
      }
    },

    any: () => all.size > 0,
  };
}
