/** Tabs that share memory, on simulated locks and a channel of messages that are late, and worse where that is wanted. */

import type { Backend, BackendContext, StoreReset } from '../src/backend.js';
import type { Clock } from '../src/clock.js';
import type { OpenChannel } from '../src/ports.js';
import { MemoryBackend, type MemoryInternals } from '../src/stores/memory-backend.js';
import { simulateOrigin, type SimulatedOrigin } from '../src/testing/index.js';
import { randomFrom } from '../src/testing/random.js';
import { backendOver } from './backend-over.js';
import { virtualClock } from './virtual-clock.js';

/** What becomes of a message on its way to one tab: how late each copy of it arrives. */
export type Course = (message: unknown) => readonly number[];

interface End {
  readonly name: string;
  readonly tab: MemoryTab;
  readonly receive: (message: unknown) => void;
}

export class MemoryTabs {
  readonly clock: Clock;
  readonly origin: SimulatedOrigin;
  readonly ends = new Set<End>();
  /** Late by up to 5 ms, and in order. */
  course: Course;

  constructor(seed = 1, clock: Clock = virtualClock()) {
    const random = randomFrom(seed);
    this.clock = clock;
    this.origin = simulateOrigin({ seed, clock });
    this.course = () => [random() * 5];
  }

  tab(internals: Partial<MemoryInternals> = {}): MemoryTab {
    return new MemoryTab(this, internals);
  }

  async open(internals: Partial<MemoryInternals> = {}): Promise<MemoryTab> {
    const tab = this.tab(internals);
    await tab.backend.open(tab.context);
    return tab;
  }

  /** What any script of the origin can do. */
  send(message: unknown, name = 'tabkeep:shop:memory'): void {
    for (const end of this.ends) if (end.name === name) end.tab.arrive(() => end.receive(message));
  }

  pass(time: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(time, resolve));
  }
}

export class MemoryTab {
  readonly tabs: MemoryTabs;
  readonly backend: Backend;
  readonly page = new EventTarget();
  readonly locks: LockManager;
  readonly errors: unknown[] = [];
  readonly resets: StoreReset[] = [];
  readonly sent: unknown[] = [];
  readonly context: BackendContext;
  readonly #kill: () => void;
  #isDead = false;
  /** What happens to a frozen tab happens when it wakes. */
  #frozen: (() => void)[] | undefined;

  constructor(tabs: MemoryTabs, internals: Partial<MemoryInternals>) {
    this.tabs = tabs;
    const simulated = tabs.origin.openTab();
    this.#kill = () => simulated.kill();
    this.locks = this.#awake(simulated.locks);
    const clock: Clock = {
      now: () => tabs.clock.now(),
      after: (delay, task) => tabs.clock.after(delay, () => this.arrive(task)),
    };
    const memory = new MemoryBackend({
      locks: () => this.locks,
      clock,
      page: () => this.page,
      ...internals,
    });
    const peers = {
      openChannel: this.openChannel,
      onChanges: () => () => {},
      onResync: () => () => {},
    };
    this.backend = Object.defineProperty(
      backendOver(memory, { open: (context) => memory.open({ ...context, peers }) }),
      'capabilities',
      { get: () => memory.capabilities },
    );
    this.context = {
      name: 'shop',
      now: () => clock.now(),
      onError: (error) => this.errors.push(error),
      onChange: () => {},
      onReset: (reset) => this.resets.push(reset),
    };
  }

  readonly openChannel: OpenChannel = (name, receive) => {
    const end: End = { name, tab: this, receive };
    const { ends, clock } = this.tabs;
    /** When the last message to each arrives. */
    const due = new Map<End, number>();
    ends.add(end);
    return {
      post: async (message) => {
        this.sent.push(message);
        const copy: unknown = structuredClone(message);
        for (const other of ends) {
          if (other === end || other.name !== name) continue;
          for (const delay of this.tabs.course(copy)) {
            // In order, unless the course has it otherwise: it then gives whole seconds.
            const isOrdered = delay < 1000;
            const at = clock.now() + (isOrdered ? delay : delay - 1000);
            const time = isOrdered ? Math.max(at, due.get(other) ?? 0) : at;
            if (isOrdered) due.set(other, time);
            clock.after(time - clock.now(), () =>
              other.tab.arrive(() => {
                if (ends.has(other)) other.receive(structuredClone(copy));
              }),
            );
          }
        }
      },
      close: async () => void ends.delete(end),
    };
  };

  /** Ends the tab as a crash does. What it has sent still arrives. */
  kill(): void {
    this.#isDead = true;
    this.#kill();
    for (const end of this.tabs.ends) if (end.tab === this) this.tabs.ends.delete(end);
  }

  freeze(): void {
    this.#frozen ??= [];
  }

  wake(): void {
    const waiting = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const task of waiting) this.arrive(task);
  }

  arrive(task: () => void): void {
    if (this.#isDead) return;
    if (this.#frozen === undefined) task();
    else this.#frozen.push(task);
  }

  /** Nothing that the browser answers reaches a frozen tab. */
  #awake(locks: LockManager): LockManager {
    const late = <Value>(promise: Promise<Value>): Promise<Value> =>
      new Promise((resolve, reject) => {
        promise.then(
          (value) => this.arrive(() => resolve(value)),
          (error: Error) => this.arrive(() => reject(error)),
        );
      });
    return {
      query: () => late(locks.query()),
      request: (name: string, options: LockOptions, callback: (lock: Lock | null) => unknown) =>
        late(
          locks.request(
            name,
            options,
            (lock) => new Promise((resolve) => this.arrive(() => resolve(callback(lock)))),
          ),
        ),
    } as LockManager;
  }
}
