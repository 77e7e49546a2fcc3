import type { Backend, BackendContext } from '../src/backend.js';
import { nextTurn } from '../src/environment.js';
import { cachedBackend } from '../src/stores/cached.js';
import type { ConformanceException, Place } from '../src/testing/index.js';
import { backendOver } from './backend-over.js';

/** The default of `cachedBackend`: no message tells of what is written past the channel, so it shows after that. */
const maxAge = 10_000;

/** A {@link Place} whose backends are cached; counts what their caches answered. */
export function cachedPlace(place: Place): Place & { readonly hits: () => number } {
  let asked = 0;
  let passed = 0;
  let past = 0;
  const backend = (): Backend => {
    const inner = place.backend();
    const counted = backendOver(inner, {
      read(id) {
        passed++;
        return inner.read(id);
      },
    });
    const cached = cachedBackend(counted);
    let isSilent = false;
    return backendOver(cached, {
      open(context: BackendContext) {
        isSilent = context.peers === undefined;
        return cached.open({ ...context, now: () => context.now() + past });
      },
      async transact(ids, decide) {
        const result = await cached.transact(ids, decide);
        if (isSilent) past += maxAge;
        return result;
      },
      read(id) {
        asked++;
        return cached.read(id);
      },
    });
  };
  return {
    ...place,
    backend,
    ...(place.plant && {
      async plant(...damage) {
        const raw = await place.plant!(...damage);
        past += maxAge;
        return raw;
      },
    }),
    async catchUp() {
      await place.catchUp?.();
      // A tab knows what the channel has told it.
      for (let turn = 0; turn < 3; turn++) await nextTurn();
    },
    hits: () => asked - passed,
  };
}

/** What a front cache cannot keep, where tabs share what is behind it. */
export const lateReads: readonly ConformanceException[] = [
  {
    reason: 'a read is as late as the message that tells of the change; the view follows with it',
    cases: ['R5 a view that has not heard writes to the successor all the same'],
  },
];
