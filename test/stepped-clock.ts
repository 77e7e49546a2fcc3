import type { Clock } from '../src/clock.js';

interface Timer {
  readonly due: number;
  readonly task: () => void;
}

/** A clock that a test moves in one step, forward or back, and at no cost: nothing waits for a turn. */
export class SteppedClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsed = 0;
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delay: number, task: () => void): () => void {
    const timer = { due: this.#elapsed + Math.max(0, delay), task };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Time passes; where `by` is negative, or `isSet`, the clock is only set, and timers count on. */
  step(by: number, isSet = by < 0): void {
    this.#now += by;
    if (!isSet) this.#elapsed += by;
    this.#ring();
  }

  #ring(): void {
    for (const timer of [...this.#timers].sort((one, other) => one.due - other.due)) {
      if (timer.due <= this.#elapsed && this.#timers.delete(timer)) timer.task();
    }
  }
}
