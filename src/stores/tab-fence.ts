/** What is left of a {@link Fence} where there are no Web Locks: this tab's own tasks, one after the other. */

import type { Fence } from './fence.js';
import { freeTurn, type Turn } from './turn.js';

const lastTasks = new Map<string, Promise<unknown>>();

export class TabFence implements Fence {
  readonly #name: string;
  readonly #shown: () => Promise<number>;

  /**
   * @param name - of the queue; every backend of this tab with the same one takes its turn
   * @param shown - the number of the last commit
   */
  constructor(name: string, shown: () => Promise<number>) {
    this.#name = name;
    this.#shown = shown;
  }

  async attend(): Promise<void> {}

  run<Result>(_: LockMode, task: (last: number, turn: Turn) => Promise<Result>): Promise<Result> {
    const name = this.#name;
    const before = lastTasks.get(name);
    const running = (async () => {
      await before;
      return task(await this.#shown(), freeTurn);
    })();
    lastTasks.set(
      name,
      running.catch(() => {}),
    );
    return running;
  }

  async advance(): Promise<void> {}

  abandon(): void {}

  async close(): Promise<void> {}
}
