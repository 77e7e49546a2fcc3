/** Session data that is at hand in decoded form. */

import type { Payload } from './backend.js';

/** Wraps a {@link snapshot} that nobody else holds. */
export function payloadOf(value: unknown): Payload {
  return { value: () => value };
}
