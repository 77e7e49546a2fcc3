/** Web Locks between simulated tabs. https://w3c.github.io/web-locks/ */

import type { Pipe } from './pipe.js';

interface Tab {
  readonly clientId: string;
  readonly toTable: Pipe;
  readonly toTab: Pipe;
  isDead: boolean;
}

interface Request {
  readonly tab: Tab;
  readonly name: string;
  readonly mode: LockMode;
  /** In the tab: runs the callback. */
  readonly grant: (lock: Lock | null) => void;
  /** In the tab: refuses the request, or the lock that was held. */
  readonly refuse: (reason: unknown) => void;
}

type Callback = (lock: Lock | null) => unknown;

/** What the browser itself knows: who holds what, and who waits. */
export class SimulatedLockTable {
  #held: Request[] = [];
  #waiting: Request[] = [];

  /** @param clientId - of the new tab */
  open(
    clientId: string,
    toTable: Pipe,
    toTab: Pipe,
  ): { readonly locks: LockManager; readonly kill: () => void } {
    const tab: Tab = { clientId, toTable, toTab, isDead: false };
    const locks = {
      request: (name: string, ...rest: [Callback] | [LockOptions, Callback]): Promise<unknown> =>
        rest.length === 1
          ? this.#request(tab, name, {}, rest[0])
          : this.#request(tab, name, ...rest),
      query: () => this.#query(tab),
    };
    return { locks: locks as LockManager, kill: () => this.#kill(tab) };
  }

  #request(
    tab: Tab,
    name: string,
    { mode = 'exclusive', ifAvailable = false, steal = false, signal }: LockOptions,
    callback: Callback,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const release = (): void => this.#send(tab, () => this.#release(request));
      const request: Request = {
        tab,
        name,
        mode,
        grant(lock) {
          const running = (async () => callback(lock))();
          running.then(resolve, reject).finally(release);
        },
        refuse: reject,
      };
      this.#send(tab, () => {
        if (steal) this.#steal(request);
        else if (ifAvailable && !this.#isFree(request))
          this.#answer(tab, () => request.grant(null));
        else this.#enqueue(request);
      });
      signal?.addEventListener('abort', () =>
        this.#send(tab, () => this.#withdraw(request, signal.reason)),
      );
    });
  }

  #query(tab: Tab): Promise<LockManagerSnapshot> {
    return new Promise((resolve) => {
      this.#send(tab, () => {
        const snapshot = { held: this.#held.map(infoOf), pending: this.#waiting.map(infoOf) };
        this.#answer(tab, () => resolve(snapshot));
      });
    });
  }

  #enqueue(request: Request): void {
    this.#waiting.push(request);
    this.#grantWhatIsFree();
  }

  #withdraw(request: Request, reason: unknown): void {
    if (!this.#waiting.includes(request)) return;
    this.#waiting = this.#waiting.filter((other) => other !== request);
    this.#answer(request.tab, () => request.refuse(reason));
    this.#grantWhatIsFree();
  }

  #steal(thief: Request): void {
    const robbed = this.#held.filter(({ name }) => name === thief.name);
    this.#held = this.#held.filter((request) => !robbed.includes(request));
    for (const { tab, refuse } of robbed) {
      this.#answer(tab, () => refuse(new DOMException('The lock was stolen.', 'AbortError')));
    }
    this.#waiting.unshift(thief);
    this.#grantWhatIsFree();
  }

  #release(request: Request): void {
    this.#held = this.#held.filter((other) => other !== request);
    this.#grantWhatIsFree();
  }

  #kill(tab: Tab): void {
    tab.isDead = true;
    this.#held = this.#held.filter((request) => request.tab !== tab);
    this.#waiting = this.#waiting.filter((request) => request.tab !== tab);
    this.#grantWhatIsFree();
  }

  #grantWhatIsFree(): void {
    const blocked = new Set<string>();
    for (const request of this.#waiting) {
      const { tab, name, mode, grant } = request;
      if (blocked.has(name) || !this.#isFree(request)) {
        // Those behind it wait their turn.
        blocked.add(name);
        continue;
      }
      this.#waiting = this.#waiting.filter((other) => other !== request);
      this.#held.push(request);
      this.#answer(tab, () => grant({ name, mode }));
    }
  }

  #isFree({ name, mode }: Request): boolean {
    const held = this.#held.filter((request) => request.name === name);
    return mode === 'shared' ? held.every((other) => other.mode === 'shared') : held.length === 0;
  }

  #send(tab: Tab, arrive: () => void): void {
    tab.toTable.send(() => {
      if (!tab.isDead) arrive();
    });
  }

  #answer(tab: Tab, arrive: () => void): void {
    tab.toTab.send(() => {
      if (!tab.isDead) arrive();
    });
  }
}

function infoOf({ name, mode, tab }: Request): LockInfo {
  return { name, mode, clientId: tab.clientId };
}
