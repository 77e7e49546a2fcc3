import type { Backend, BackendContext, StoreReset } from '../src/backend.js';
import { fallbackBackend } from '../src/stores/fallback.js';
import { fakeClock } from '../src/testing/fake-clock.js';

/** A tab with its own time; `errors` and `changes` are what its store was told. */
export class FakeTab {
  readonly clock = fakeClock();
  readonly errors: unknown[] = [];
  readonly changes: { name: string; previous: string | null; reason: unknown }[] = [];
  readonly resets: StoreReset[] = [];
  readonly #awaited: (() => void)[] = [];
  readonly context: BackendContext = {
    name: 'test',
    now: () => this.clock.now(),
    onError: (error) => {
      this.errors.push(error);
      this.#awaited.shift()?.();
    },
    onChange: (change) => {
      this.changes.push(change);
      this.#awaited.shift()?.();
    },
    onReset: (reset) => this.resets.push(reset),
  };

  fallback(...backends: Backend[]): Backend {
    return fallbackBackend(backends, { clock: this.clock });
  }

  async opened(...backends: Backend[]): Promise<Backend> {
    const backend = this.fallback(...backends);
    await backend.open(this.context);
    return backend;
  }

  /** Settles with the next change or error that is told. */
  told(): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited.push(resolve);
    });
  }
}
