// Backends over simulated tabs, in simulated time.

import type { Backend, BackendContext, Capabilities } from '../src/backend.js';
import type { Clock } from '../src/clock.js';
import { superjsonCodec } from '../src/codecs/superjson.js';
import { KeyValueBackend } from '../src/stores/key-value.js';
import { storageAreaStore } from '../src/stores/storage-area.js';
import type { SimulatedTab } from '../src/testing/index.js';
import { contextWith } from './context.js';

export const codec = superjsonCodec();

export const capabilities: Capabilities = {
  shared: 'origin',
  atomic: true,
  persistent: true,
  durability: 'eventual',
  structuredClone: false,
};

export const journalKey = 'tabkeep:shop:journal';

export const seeds: readonly number[] = Array.from({ length: 40 }, (_, index) => index + 1);

export function contextOf(clock: Clock, errors: unknown[] = []): BackendContext {
  return contextWith({ now: () => clock.now(), onError: (error) => errors.push(error) });
}

export function backendIn(tab: SimulatedTab, clock: Clock): Backend {
  return new KeyValueBackend({
    name: 'simulated',
    capabilities: () => capabilities,
    find: async () => ({ keyValue: storageAreaStore(tab.storage), area: 'simulated' }),
    locks: () => tab.locks,
    codec,
    clock,
    monotonic: () => clock.now(),
  });
}

export async function openIn(
  tab: SimulatedTab,
  clock: Clock,
  errors: unknown[] = [],
): Promise<Backend> {
  const backend = backendIn(tab, clock);
  await backend.open(contextOf(clock, errors));
  return backend;
}

/** Lets simulated time pass. */
export function pass(clock: Clock, delay: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delay, resolve));
}

/** A storage of which every use is told first. */
export function intercepted(
  storage: Storage,
  before: (method: string, key: unknown) => void,
): Storage {
  return new Proxy(storage, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        before(String(property), args[0]);
        return member.apply(target, args);
      };
    },
  });
}

/** A tab that dies before the use of its storage which comes after a number of others. */
export function fragile(tab: SimulatedTab): {
  readonly tab: SimulatedTab;
  readonly dieAfter: (uses: number) => void;
} {
  let left = Infinity;
  const storage = intercepted(tab.storage, () => {
    if (left-- <= 0) tab.kill();
  });
  return {
    tab: { ...tab, storage },
    dieAfter: (uses) => {
      left = uses;
    },
  };
}

/** A commit reads the number of the one before, the journal, the epoch, and its own records. */
export const usesBeforeWriting = { one: 4, two: 5, three: 6 };

const ofNoRecord = ['tabkeep:shop:seq', 'tabkeep:shop:epoch'];

/** All that lies in a storage, but for the number of the last commit and the epoch. */
export function contentOf(storage: Storage): Record<string, string | null> {
  const keys = Array.from({ length: storage.length }, (_, index) => String(storage.key(index)));
  const ours = keys.filter((key) => !ofNoRecord.includes(key));
  return Object.fromEntries(ours.sort().map((key) => [key, storage.getItem(key)]));
}
