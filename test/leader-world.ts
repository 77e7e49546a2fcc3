/** Tabs that crash, freeze, hide and wake, and the work they do in the background, on time that passes by itself. */

import type { Clock } from '../src/clock.js';
import type { Lead, OpenChannel } from '../src/ports.js';
import { startSweeping } from '../src/sync/sweeping.js';
import { onWake } from '../src/sync/wake.js';
import { Pipe } from '../src/testing/pipe.js';
import { SimulatedLockTable } from '../src/testing/simulated-locks.js';
import { FakePage } from './fake-page.js';
import { virtualClock } from './virtual-clock.js';

type Random = () => number;

interface WorldOptions {
  readonly random: Random;
  /** Time between two sweeps of one tab. */
  readonly every: number;
  /** How long the timers of a hidden tab are late at most. */
  readonly throttle: number;
  /** Absent: each tab sweeps for itself. */
  readonly elects?: boolean;
  /** Absent: tabs have a channel to each other. */
  readonly isMute?: boolean;
}

/** One origin, and what is seen of it. */
export class LeaderWorld {
  readonly clock: Clock = virtualClock();
  readonly tabs: LeaderTab[] = [];
  readonly options: WorldOptions;
  readonly lockTable = new SimulatedLockTable();
  readonly errors: unknown[] = [];
  /** What must never be. */
  readonly violations: string[] = [];
  sweeps = 0;
  pages = 0;
  longestGap = 0;
  lastWork: number;
  lastEpoch = 0;
  readonly #start: number;

  constructor(options: WorldOptions) {
    this.options = options;
    this.#start = this.clock.now();
    this.lastWork = this.#start;
  }

  get elapsed(): number {
    return this.clock.now() - this.#start;
  }

  get awake(): LeaderTab[] {
    return this.tabs.filter((tab) => tab.isAwake && !tab.isClosing);
  }

  open(): LeaderTab {
    const tab = new LeaderTab(this, `tab ${this.tabs.length + 1}`);
    this.tabs.push(tab);
    return tab;
  }

  wait(time: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(time, resolve));
  }

  /** A tab has begun to sweep, or goes on with it. */
  atWork(tab: LeaderTab, epoch: number): void {
    for (const other of this.tabs) {
      if (other !== tab && other.isAtWork) {
        this.violations.push(`${tab.name} works while ${other.name} does, at ${this.elapsed}`);
      }
    }
    if (epoch < this.lastEpoch) this.violations.push(`${tab.name} writes what is stale`);
    this.lastEpoch = Math.max(this.lastEpoch, epoch);
    this.longestGap = Math.max(this.longestGap, this.clock.now() - this.lastWork);
    this.lastWork = this.clock.now();
    tab.isAtWork = true;
  }
}

/** One tab; a process of its own. */
export class LeaderTab {
  readonly name: string;
  readonly page = new FakePage();
  /** Its sweep is under way, and the tab runs. */
  isAtWork = false;
  isClosing = false;
  lead: Lead | undefined;
  readonly #world: LeaderWorld;
  readonly #kill: () => void;
  readonly #stop: () => Promise<void>;
  #state: 'awake' | 'frozen' | 'gone' = 'awake';
  #late: (() => void)[] = [];
  readonly #ends = new Set<{ name: string; receive: (message: unknown) => void }>();

  constructor(world: LeaderWorld, name: string) {
    this.#world = world;
    this.name = name;
    const { random, every, elects = true, isMute = false } = world.options;
    const lag = (): number => random() * 2;
    const { locks, kill } = world.lockTable.open(
      name,
      new Pipe(world.clock, lag),
      new Pipe(this.#mail, lag),
    );
    this.#kill = kill;
    const interval = (due: () => void): (() => void) => {
      let cancel = (): void => {};
      const arm = (): void => {
        cancel = this.#timers.after(every, () => {
          arm();
          due();
        });
      };
      arm();
      return () => cancel();
    };
    this.#stop = startSweeping(
      {
        name: 'shop',
        shared: elects,
        openChannel: isMute ? undefined : this.#openChannel,
        sweep: (lead) => this.#sweep(lead),
        onError: (error) => world.errors.push(error),
      },
      [interval, (due) => onWake(due, this.page, this.#timers)],
      { locks, page: this.page, clock: this.#timers, elapsed: () => world.elapsed },
    );
  }

  get isAwake(): boolean {
    return this.#state === 'awake';
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen';
  }

  get isGone(): boolean {
    return this.#state === 'gone';
  }

  get isVisible(): boolean {
    return this.page.document.visibilityState === 'visible';
  }

  crash(): void {
    this.#state = 'gone';
    this.isAtWork = false;
    this.#late = [];
    this.#ends.clear();
    this.#kill();
  }

  async close(): Promise<void> {
    this.isClosing = true;
    await this.#stop();
    this.crash();
  }

  /** Nothing runs in it any more. @param event - that it is told before; a stopped process is told nothing */
  freeze(event?: 'freeze' | 'pagehide'): void {
    if (event === 'freeze') this.page.document.dispatchEvent(new Event(event));
    if (event === 'pagehide') this.page.fire(event);
    // What it does when it is told takes a few microtasks, which a real page has as well.
    const stop = (): void => {
      if (this.#state !== 'awake') return;
      this.#state = 'frozen';
      this.isAtWork = false;
    };
    if (event === undefined) stop();
    else this.#world.clock.after(0, stop);
  }

  wake(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'awake';
    const late = this.#late;
    this.#late = [];
    // In no certain order: timers, messages and locks have queues of their own.
    for (const task of late) {
      this.#world.clock.after(this.#world.options.random() * 5, () => this.#run(task));
    }
    this.page.resume();
    this.page.fire('pageshow');
  }

  /** A long sweep, as `sweep` of a store does it. */
  async #sweep(lead?: Lead): Promise<number> {
    const { random } = this.#world.options;
    this.lead = lead;
    this.#world.sweeps++;
    this.#world.atWork(this, lead?.epoch ?? 0);
    try {
      for (let page = 0; page < 3; page++) {
        await this.#storage(random() * 60);
        await lead?.confirm();
        await this.#storage(random() * 60);
        lead?.check();
        this.#world.pages++;
        this.#world.atWork(this, lead?.epoch ?? 0);
      }
    } finally {
      this.isAtWork = false;
    }
    return 0;
  }

  #storage(time: number): Promise<void> {
    return new Promise((resolve) => void this.#mail.after(time, resolve));
  }

  /** What comes from outside: never late, unless the tab does not run. */
  readonly #mail: Clock = {
    now: () => this.#world.clock.now(),
    after: (delay, task) => this.#world.clock.after(delay, () => this.#run(task)),
  };

  readonly #timers: Clock = {
    now: () => this.#world.clock.now(),
    after: (delay, task) => {
      const { random, throttle } = this.#world.options;
      // Only chains of timers and intervals are slowed down further.
      let late = random() * (delay === 0 ? Math.min(throttle, 1000) : throttle);
      let cancel = (): void => {};
      const arm = (time: number): void => {
        cancel = this.#mail.after(time, () => {
          if (this.isVisible || late <= 0) return task();
          const rest = Math.min(late, 2000);
          late -= rest;
          arm(rest);
        });
      };
      arm(delay);
      return () => cancel();
    },
  };

  readonly #openChannel: OpenChannel = (name, receive) => {
    const { clock, options, tabs } = this.#world;
    const end = { name, receive };
    this.#ends.add(end);
    return {
      post: async (message) => {
        for (const other of tabs.filter((tab) => tab !== this && !tab.isGone)) {
          clock.after(options.random() * 5, () => other.#receive(name, message));
        }
      },
      close: async () => void this.#ends.delete(end),
    };
  };

  #receive(name: string, message: unknown): void {
    this.#run(() => {
      for (const end of this.#ends) if (end.name === name) end.receive(structuredClone(message));
    });
  }

  #run(task: () => void): void {
    if (this.#state === 'awake') task();
    else if (this.#state === 'frozen') this.#late.push(task);
  }
}
