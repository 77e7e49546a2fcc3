/** One store's connection to the other tabs. */

import { systemClock, type Clock } from '../clock.js';
import type { Change, Channel, OpenChannel, TabSyncConnection, TabSyncContext } from '../ports.js';
import { generateSessionId } from '../session-id.js';
import { isSyncMessage, mostChanges, protocol, type SyncMessage } from './message.js';
import { onWake, thisPage, type Page } from './wake.js';

// A stranger may pose as any number of senders.
const mostSenders = 100;

/** See `tabSync()`; here the page and the clock can be given as well. */
export class TabConnection implements TabSyncConnection {
  readonly #context: TabSyncContext;
  readonly #openChannel: OpenChannel;
  readonly #from = generateSessionId();
  /** The last message heard of each sender. */
  readonly #heard = new Map<string, number>();
  readonly #listeners = new AbortController();
  readonly #stopWaking: () => void;
  #channel: Channel | undefined;
  #waiting = new Map<string, Change>();
  #sent = 0;

  constructor(
    context: TabSyncContext,
    openChannel: OpenChannel,
    page: Page = thisPage(),
    clock: Clock = systemClock,
  ) {
    this.#context = context;
    this.#openChannel = openChannel;
    const { signal } = this.#listeners;
    // A page that is kept for the back button hears nothing, and an open channel may cost it its place there.
    page.global?.addEventListener('pagehide', () => void this.#disconnect(), { signal });
    page.global?.addEventListener('pageshow', () => this.#connect(), { signal });
    // It calls back a turn after its event: the channel is open again by then, so nothing falls in between.
    this.#stopWaking = onWake(() => void this.#attempt(() => context.resync()), page, clock);
    this.#connect();
  }

  /** Everything that is posted in one turn goes out as one message; of each id only the last of its kind. */
  post(changes: readonly Change[]): void {
    if (this.#waiting.size === 0) queueMicrotask(() => this.#send());
    for (const change of changes) {
      const key = `${change.kind} ${change.id}`;
      const waiting = this.#waiting.get(key);
      if ((waiting?.version ?? 0) <= change.version) this.#waiting.set(key, change);
    }
  }

  async close(): Promise<void> {
    this.#listeners.abort();
    this.#stopWaking();
    await this.#disconnect();
  }

  #connect(): void {
    void this.#attempt(() => {
      this.#channel ??= this.#openChannel(
        `tabkeep:${this.#context.name}`,
        (message) => void this.#attempt(() => this.#hear(message)),
      );
    });
  }

  async #disconnect(): Promise<void> {
    this.#send();
    const channel = this.#channel;
    this.#channel = undefined;
    await this.#attempt(() => channel?.close());
  }

  #send(): void {
    const changes = [...this.#waiting.values()];
    this.#waiting.clear();
    for (let start = 0; start < changes.length; start += mostChanges) {
      const message: SyncMessage = {
        protocol,
        from: this.#from,
        // Counted even where it cannot be sent, so that the next message shows the gap.
        seq: ++this.#sent,
        changes: changes.slice(start, start + mostChanges),
      };
      void this.#attempt(() => this.#channel?.post(message));
    }
  }

  #hear(message: unknown): void {
    if (!isSyncMessage(message) || message.from === this.#from) return;
    const { from, seq, changes } = message;
    const last = this.#heard.get(from) ?? 0;
    this.#remember(from, Math.max(last, seq));
    this.#context.receive(changes);
    if (seq > last + 1) this.#context.resync();
  }

  #remember(from: string, seq: number): void {
    this.#heard.delete(from);
    this.#heard.set(from, seq);
    const [longestSilent = from] = this.#heard.keys();
    if (this.#heard.size > mostSenders) this.#heard.delete(longestSilent);
  }

  /** R15: what fails between tabs is told, and stops nothing. */
  async #attempt(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#context.onError(error, { during: 'sync' });
    }
  }
}
