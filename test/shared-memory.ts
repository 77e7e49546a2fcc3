import type { Backend, BackendContext, StoredRecord } from '../src/backend.js';
import { unreadable } from '../src/record.js';
import { SessionError } from '../src/errors.js';
import { memoryBackend } from '../src/stores/memory.js';
import type { Place } from '../src/testing/index.js';
import { backendOver } from './backend-over.js';

/** Memory that several tabs see and that outlives them, as a database would: to put the kit itself to the test. */
export class SharedMemory {
  readonly #namespaces = new Map<string, Backend>();
  readonly #damaged = new Map<string, unknown>();
  readonly #contexts = new Map<object, BackendContext>();
  #wipes = 0;

  /** One tab's backend. */
  tab(): Backend {
    let name: string | undefined;
    const tab = {};
    const records = (): Backend => {
      if (name === undefined) throw new SessionError('STORE_CLOSED', 'not open');
      return this.#namespaces.get(name)!;
    };
    const check = (id: string): void => {
      if (this.#damaged.has(id)) throw unreadable(id, this.#damaged.get(id));
    };
    const isSound = ({ id }: StoredRecord): boolean => !this.#damaged.has(id);
    return {
      name: 'shared memory',
      capabilities: {
        shared: 'origin',
        atomic: true,
        persistent: true,
        durability: 'relaxed',
        structuredClone: true,
      },
      open: async (context) => {
        await this.#prepare(context);
        name = context.name;
        this.#contexts.set(tab, context);
      },
      read: async (id) => {
        check(id);
        return records().read(id);
      },
      transact: async (ids, decide) =>
        records().transact(ids, (current) =>
          decide({
            get: (id) => {
              check(id);
              return current.get(id);
            },
          }),
        ),
      scan: async (query) => {
        const page = await records().scan(query);
        const errors = [...this.#damaged].map(([id, raw]) => unreadable(id, raw));
        return { ...page, records: page.records.filter(isSound), unreadable: errors };
      },
      listIds: async (query) => {
        const ids = await records().listIds(query);
        return ids.filter((id) => !this.#damaged.has(id));
      },
      clear: async (retain) => {
        await records().clear((all) => retain(all.filter(isSound)));
        this.#damaged.clear();
      },
      close: async () => {
        name = undefined;
        this.#contexts.delete(tab);
      },
    };
  }

  async plant(id: string, damage: string): Promise<() => Promise<unknown>> {
    this.#damaged.set(id, damage);
    return async () => this.#damaged.get(id);
  }

  /** Takes a namespace away. Each tab is told at once. */
  async wipe(name: string): Promise<void> {
    await this.#namespaces.get(name)?.clear(() => []);
    const reset = { epoch: `epoch ${this.#wipes + 1}`, previous: `epoch ${this.#wipes}` };
    this.#wipes++;
    for (const context of this.#contexts.values()) {
      if (context.name === name) context.onReset(reset);
    }
  }

  /** Every namespace's records. */
  all(): Backend[] {
    return [...this.#namespaces.values()];
  }

  async #prepare(context: BackendContext): Promise<void> {
    if (this.#namespaces.has(context.name)) return;
    const inner = memoryBackend();
    this.#namespaces.set(context.name, inner);
    await inner.open(context);
  }
}

/** A place of shared memory; its backends changed at will. */
export function sharedMemoryPlace(
  change: (inner: Backend, memory: SharedMemory) => Partial<Backend> = () => ({}),
): Place {
  const memory = new SharedMemory();
  return {
    backend() {
      const inner = memory.tab();
      return backendOver(inner, change(inner, memory));
    },
    plant: (_, id, damage) => memory.plant(id, damage),
    wipe: (name) => memory.wipe(name),
    dispose() {},
  };
}
