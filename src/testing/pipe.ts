/** A way between two processes: messages arrive late, and in order. */

import type { Clock } from '../clock.js';
import type { Milliseconds } from '../session.js';

export class Pipe {
  readonly #clock: Clock;
  readonly #delay: () => Milliseconds;
  readonly #waiting: (() => void)[] = [];
  #isStopped = false;
  /** How many messages would have arrived, had nobody stopped. */
  #late = 0;

  constructor(clock: Clock, delay: () => Milliseconds) {
    this.#clock = clock;
    this.#delay = delay;
  }

  /** @param arrive - what the message does where it arrives */
  send(arrive: () => void): void {
    this.#waiting.push(arrive);
    this.#clock.after(this.#delay(), () => this.#arrive());
  }

  /** From now on nothing arrives: nobody listens. */
  stop(): void {
    this.#isStopped = true;
  }

  /** What has come meanwhile arrives. */
  resume(): void {
    this.#isStopped = false;
    const late = this.#late;
    this.#late = 0;
    for (let n = 0; n < late; n++) this.#arrive();
  }

  /** Delivers at once what is on its way. */
  flush(): void {
    if (this.#isStopped) return;
    for (const arrive of this.#waiting.splice(0)) arrive();
  }

  #arrive(): void {
    if (this.#isStopped) this.#late++;
    else this.#waiting.shift()?.();
  }
}
