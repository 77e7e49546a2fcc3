/** A way between two processes: messages arrive late, and in order. */

import type { Clock } from '../clock.js';
import type { Milliseconds } from '../session.js';

export class Pipe {
  readonly #clock: Clock;
  readonly #delay: () => Milliseconds;
  readonly #waiting: (() => void)[] = [];

  constructor(clock: Clock, delay: () => Milliseconds) {
    this.#clock = clock;
    this.#delay = delay;
  }

  /** @param arrive - what the message does where it arrives */
  send(arrive: () => void): void {
    this.#waiting.push(arrive);
    this.#clock.after(this.#delay(), () => this.#waiting.shift()?.());
  }

  /** Delivers at once what is on its way. */
  flush(): void {
    for (const arrive of this.#waiting.splice(0)) arrive();
  }
}
