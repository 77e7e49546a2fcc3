/** What a backend is told when a test opens it without a store. */

import type { BackendContext } from '../src/backend.js';

/** Of the name `shop`, on the machine's own clock; an error in the background fails the test. */
export function contextWith(over: Partial<BackendContext> = {}): BackendContext {
  return {
    name: 'shop',
    now: Date.now,
    onError: (error) => {
      throw error;
    },
    onChange: () => {},
    onReset: () => {},
    ...over,
  };
}
