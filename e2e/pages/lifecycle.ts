/** A page to which things happen: `window.life` works on one session and tells how each attempt ended. */

import {
  isSessionError,
  openStore,
  type LiveSession,
  type SessionStore,
  type StoreEvent,
} from 'tabkeep/core';
import { indexedDBBackend, type IndexedDBBackendOptions } from 'tabkeep/stores/indexeddb';
import { tabSync } from 'tabkeep/sync';

interface Data {
  count: number;
  readonly filling: string;
}

const id = 'life';

let store: SessionStore<Data>;
let view: LiveSession<Data> | undefined;

/** The value, or the code of what it was refused with. */
async function outcome<Value>(work: () => Promise<Value>): Promise<Value | string> {
  try {
    return await work();
  } catch (error) {
    if (!isSessionError(error)) throw error;
    const { cause } = error;
    life.causes.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
    return error.code;
  }
}

const life = {
  events: [] as StoreEvent[],
  failures: [] as string[],
  /** What stood behind each refusal. */
  causes: [] as string[],
  /** Whether each `pageshow` came out of the back/forward cache. */
  shown: [] as boolean[],

  open: (options: IndexedDBBackendOptions = {}): Promise<string> =>
    outcome(async () => {
      store = await openStore<Data>({
        name: 'life',
        backend: indexedDBBackend(options),
        sync: tabSync(),
        onError: (error) => life.failures.push(String(error)),
      });
      store.subscribe((event) => life.events.push(event));
      return 'done';
    }),

  /** @param size - how much is stored beside the count, in characters that do not compress */
  save: (count: number, size = 0): Promise<string> =>
    outcome(async () => {
      await store.save(id, { count, filling: noise(size) });
      return 'done';
    }),

  saveOther: (other: string): Promise<string> =>
    outcome(async () => {
      await store.save(other, { count: 0, filling: '' }, { ttl: { idle: 1 } });
      return 'done';
    }),

  /** Adds one, so often, one after the other. @returns how each ended */
  async increment(times: number): Promise<string[]> {
    const outcomes: string[] = [];
    for (let i = 0; i < times; i++) {
      const add = ({ count, filling }: Data): Data => ({ count: count + 1, filling });
      outcomes.push(
        await outcome(async () => {
          await store.update(id, add);
          return 'done';
        }),
      );
    }
    return outcomes;
  },

  load: (): Promise<number | string | undefined> =>
    outcome(async () => (await store.load(id))?.data.count),

  async watch(): Promise<void> {
    view = await store.open(id);
  },

  get view(): { readonly count: number; readonly status: string } | undefined {
    return view && { count: view.data.count, status: view.status };
  },

  close: (): Promise<void> => store.close(),
};

function noise(size: number): string {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  // One character for each byte.
  return Array.from(bytes, (byte) => String.fromCharCode(0x4e00 + byte)).join('');
}

addEventListener('pageshow', ({ persisted }) => life.shown.push(persisted));

declare global {
  interface Window {
    life: typeof life;
  }
}

window.life = life;
