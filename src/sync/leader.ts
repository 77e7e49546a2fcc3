/** Which tab does the work in the background. It saves doubled work; nothing is right or wrong by it. */

import { systemClock, type Clock } from '../clock.js';
import { monotonicNow } from '../environment.js';
import type { Channel, Lead, OpenChannel } from '../ports.js';
import { generateSessionId } from '../session-id.js';
import type { Milliseconds } from '../session.js';
import { Stay, type LeaderLockOptions } from './leader-lock.js';
import { isLeaderMessage, signed, type LeaderMessage } from './leader-message.js';
import { thisPage, type Page } from './wake.js';

/** How long an answer of the leader is waited for; then it is asked once more. */
export const answerTime: Milliseconds = 2500;

/** Twice: an answer may lie in wait for a tab that was itself stopped, and whose timers run first. */
const questions = 2;

/** Options of {@link electLeader}. */
export interface ElectionOptions {
  /** Of the store. */
  readonly name: string;
  readonly locks: LeaderLockOptions['locks'];
  readonly openChannel?: OpenChannel | undefined;
  /** This tab has begun to lead: work that nobody has done meanwhile may be due. */
  readonly onLead: () => void;
  readonly onError: (error: unknown) => void;
  readonly page?: Page | undefined;
  readonly clock?: Clock | undefined;
  /** Time that passes also while a process is stopped, and that nobody can set. */
  readonly elapsed?: (() => Milliseconds) | undefined;
}

/** One tab's part in the election. */
export interface Election {
  /**
   * Runs work if this tab leads. If not, sees to it that somebody does: asks the leader, and takes the lead from one that
   * gives no answer.
   */
  run(work: (lead: Lead) => Promise<void>): Promise<void>;
  /** Tells work under way to stop, waits for it, and lets another tab lead. */
  close(): Promise<void>;
}

/**
 * Elects one leader among the tabs of a store: whoever holds the Web Lock `tabkeep:NAME:leader`. The others queue for it,
 * so that a tab that ends or crashes has a successor at once. A page lets go of it when it is frozen or hidden away
 * (`freeze`, `pagehide`) and queues again when it is back; there is no `unload` and no `beforeunload` listener.
 *
 * A leader that is stopped, or hangs, keeps its lock. So a tab that has work due asks it. It is asked and not expected to
 * give signs of life by itself, since a hidden tab is a second late with an answer at most, but up to a minute with an interval. After two
 * questions of {@link answerTime} without an answer the lock is stolen. A leader that is hidden hands over to a visible tab
 * that asks.
 *
 * Concurrency: two tabs never write at once on the strength of a {@link Lead}, also when one was stopped in the middle: each
 *   has it confirmed by the browser before a step of its work, and checks at the write that this was less than a lease ago
 * Absent:      without a channel nobody can be asked: a stopped leader keeps the lead until it goes on or ends
 */
export function electLeader(options: ElectionOptions): Election {
  return new Candidate(options);
}

class Candidate implements Election {
  readonly #options: ElectionOptions;
  readonly #page: Page;
  readonly #clock: Clock;
  readonly #from = generateSessionId();
  readonly #listeners = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #isAway = false;
  #stay: Stay | undefined;
  #channel: Channel | undefined;
  #stopAsking: (() => void) | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#page = options.page ?? thisPage();
    this.#clock = options.clock ?? systemClock;
    const { global, document } = this.#page;
    const { signal } = this.#listeners;
    const leave = (): void => this.#leave();
    const back = (): void => {
      this.#isAway = false;
      this.#enter();
    };
    global?.addEventListener('pagehide', leave, { signal });
    document?.addEventListener('freeze', leave, { signal });
    global?.addEventListener('pageshow', back, { signal });
    document?.addEventListener('resume', back, { signal });
    this.#enter();
  }

  async run(work: (lead: Lead) => Promise<void>): Promise<void> {
    this.#enter();
    const lead = this.#stay?.lead;
    if (lead === undefined) return this.#ask();
    const running = work(lead);
    this.#running.add(running);
    try {
      await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async close(): Promise<void> {
    this.#listeners.abort();
    this.#stay?.retire();
    await this.#idle();
    this.#leave();
  }

  #enter(): void {
    if (this.#isAway) return;
    const { name, openChannel } = this.#options;
    void this.#attempt(() => {
      this.#channel ??= openChannel?.(`tabkeep:${name}:leader`, (message) => this.#hear(message));
    });
    if (this.#stay === undefined) this.#queue(false);
  }

  /** At once: a page that is frozen or hidden away runs nothing afterwards. */
  #leave(): void {
    this.#isAway = true;
    this.#stopAsking?.();
    this.#stay?.leave();
    this.#stay = undefined;
    const channel = this.#channel;
    this.#channel = undefined;
    void this.#attempt(() => channel?.close());
  }

  #queue(steal: boolean): void {
    const { name, locks, onLead, elapsed = monotonicNow } = this.#options;
    const stay = new Stay(
      {
        name: `tabkeep:${name}:leader`,
        locks,
        clock: this.#clock,
        elapsed,
        onHold: () => {
          this.#stopAsking?.();
          // Others may be about to steal from the one before.
          this.#say({ kind: 'here' });
        },
        onLead,
        idle: () => this.#idle(),
      },
      steal,
    );
    this.#stay = stay;
    void this.#follow(stay);
  }

  async #follow(stay: Stay): Promise<void> {
    let hasFailed = false;
    try {
      await stay.over;
    } catch (error) {
      hasFailed = true;
      this.#options.onError(error);
    }
    if (this.#stay !== stay) return;
    this.#stay = undefined;
    // Locks that fail are not asked again at once, but when there is work: they might fail for ever.
    if (!hasFailed) this.#enter();
  }

  #ask(): void {
    const isPointless = this.#channel === undefined || this.#stay?.isHolding === true;
    if (isPointless || this.#stopAsking !== undefined) return;
    let cancel = (): void => {};
    const ask = (left: number): void => {
      if (left === 0) return this.#steal();
      this.#say({ kind: 'ask', visible: this.#isVisible() });
      cancel = this.#clock.after(answerTime, () => ask(left - 1));
    };
    this.#stopAsking = () => {
      this.#stopAsking = undefined;
      cancel();
    };
    ask(questions);
  }

  #steal(): void {
    this.#stopAsking?.();
    const queued = this.#stay;
    this.#queue(true);
    queued?.leave();
  }

  #say(message: LeaderMessage): void {
    void this.#attempt(() => this.#channel?.post(signed(message, this.#from)));
  }

  #hear(message: unknown): void {
    if (!isLeaderMessage(message)) return;
    const { kind, from } = message;
    if (kind === 'ask') {
      // A frozen page goes on hearing messages, but its timers stand still, and so does its work. This timer is no link of a
      // chain, so in a hidden tab it is a second late at most.
      this.#clock.after(0, () => void this.#answer(from, message.visible));
      return;
    }
    const { to = this.#from } = message;
    if (to !== this.#from) return;
    if (kind === 'here') this.#stopAsking?.();
    else if (this.#stay?.isHolding === false) this.#steal();
  }

  async #answer(asker: string, isAskerVisible: boolean): Promise<void> {
    const stay = this.#stay;
    if (!stay?.isHolding || stay.isRetired) return;
    if (this.#isVisible() || !isAskerVisible) {
      this.#say({ kind: 'here', to: asker });
      return;
    }
    stay.retire();
    await this.#idle();
    this.#say({ kind: 'yours', to: asker });
    // It may be gone by now: then whoever is next in the queue leads.
    this.#clock.after(answerTime, () => stay.leave());
  }

  #isVisible(): boolean {
    return this.#page.document?.visibilityState === 'visible';
  }

  async #idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #attempt(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
