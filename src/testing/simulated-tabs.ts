/** Tabs of one profile inside one test, and a channel between them that can be made to misbehave. */

import { nextTurn } from '../environment.js';
import type { Channel, OpenChannel, TabSync, TabSyncContext } from '../ports.js';
import { TabConnection } from '../sync/tab-connection.js';

/** The channel between simulated tabs. It delivers at once, until it is told to {@link SimulatedTabs.hold}. */
export interface SimulatedTabs {
  /** One more tab: the `sync` option of one store. It speaks the real protocol, over a channel in memory. */
  tab(): TabSync;
  /** From now on messages wait. */
  hold(): void;
  /** How many messages wait. */
  readonly waiting: number;
  /** Loses what waits. */
  drop(): void;
  /** Doubles what waits. */
  duplicate(): void;
  /** Turns the order of what waits round. */
  reverse(): void;
  /** Delivers what waits, and from now on everything at once. */
  deliver(): Promise<void>;
  /** Sends anything at all to the tabs of a namespace, as a stranger of the origin can. */
  send(name: string, message: unknown): Promise<void>;
  /** What happens to a tab that is shown again: it may have missed messages. */
  resync(): void;
}

interface InTransit {
  readonly message: unknown;
  readonly receivers: () => readonly End[];
}

interface End {
  readonly name: string;
  readonly receive: (message: unknown) => void;
}

/**
 * A {@link SimulatedTabs} network.
 *
 * @example
 * ```ts
 * import { openStore } from 'tabkeep/core';
 * import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
 * import { simulatedTabs } from 'tabkeep/testing';
 *
 * const tabs = simulatedTabs();
 * const open = () => openStore({ name: 'notes', backend: indexedDBBackend(), sync: tabs.tab() });
 * const [one, two] = await Promise.all([open(), open()]);
 * tabs.hold();
 * await one.create({ items: [] });
 * tabs.drop(); // tab two never hears of it
 * ```
 */
export function simulatedTabs(): SimulatedTabs {
  const ends = new Set<End>();
  const contexts = new Set<TabSyncContext>();
  let held = false;
  let transit: InTransit[] = [];

  const arrive = ({ message, receivers }: InTransit): void => {
    for (const end of receivers()) end.receive(structuredClone(message));
  };

  const carry = async (sent: InTransit): Promise<void> => {
    if (held) transit.push(sent);
    else await nextTurn().then(() => arrive(sent));
  };

  const openChannel: OpenChannel = (name, receive): Channel => {
    const end = { name, receive };
    ends.add(end);
    const others = (): End[] => [...ends].filter((each) => each !== end && each.name === name);
    return {
      post: (message) => carry({ message: structuredClone(message), receivers: others }),
      close: async () => void ends.delete(end),
    };
  };

  // No page: the moments at which a real tab wakes are for the test to choose.
  const nowhere = { global: undefined, document: undefined };

  return {
    tab: () => ({
      connect(context) {
        contexts.add(context);
        const connection = new TabConnection(context, openChannel, nowhere);
        return {
          post: (changes) => connection.post(changes),
          close() {
            contexts.delete(context);
            return connection.close();
          },
        };
      },
    }),
    hold() {
      held = true;
    },
    get waiting() {
      return transit.length;
    },
    drop() {
      transit = [];
    },
    duplicate() {
      transit = transit.flatMap((sent) => [sent, sent]);
    },
    reverse() {
      transit.reverse();
    },
    async deliver() {
      const late = transit;
      transit = [];
      held = false;
      for (const sent of late) arrive(sent);
      await nextTurn();
    },
    send: (name, message) =>
      carry({
        message,
        receivers: () => [...ends].filter((end) => end.name === `tabkeep:${name}`),
      }),
    resync() {
      for (const context of contexts) context.resync();
    },
  };
}
