/** The session of this tab, which is the session of every tab; and the next one when it is over. */

import type { LiveSession, SessionStore } from 'tabkeep';
import { emptyOrder, type Order } from './order.js';
import { attempt } from './status-line.js';

export class CurrentSession {
  readonly store: SessionStore<Order>;
  readonly #listeners = new Set<() => void>();
  #live: LiveSession<Order>;

  static async resume(store: SessionStore<Order>): Promise<CurrentSession> {
    return new CurrentSession(store, await store.current({ create: emptyOrder }));
  }

  constructor(store: SessionStore<Order>, live: LiveSession<Order>) {
    this.store = store;
    this.#live = live;
    this.#follow(live);
    store.subscribe((event) => {
      const isFromElsewhere = event.type === 'saved' && event.origin === 'elsewhere';
      // Another tab has begun a new session: join it.
      if (isFromElsewhere && this.#live.status !== 'active') attempt(() => this.startAnew());
    });
  }

  /** Another object after {@link CurrentSession.startAnew}: ask for it each time. */
  get live(): LiveSession<Order> {
    return this.#live;
  }

  /** Runs `show` now and after each change, made in any tab. */
  follow(show: () => void): void {
    this.#listeners.add(show);
    show();
  }

  /** After the end of a session: the next one, the same in all tabs. */
  async startAnew(): Promise<void> {
    const next = await this.store.current({ create: emptyOrder });
    this.#live.close();
    this.#live = next;
    this.#follow(next);
    this.#changed();
  }

  #follow(live: LiveSession<Order>): void {
    live.subscribe(() => this.#changed());
  }

  #changed(): void {
    for (const show of this.#listeners) show();
  }
}
