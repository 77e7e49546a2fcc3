/** Tabs of one profile inside one test, and a channel between them that can be made to misbehave. */

import { systemClock, type Clock } from '../clock.js';
import { nextTurn } from '../environment.js';
import type { Channel, OpenChannel, TabSync, TabSyncContext } from '../ports.js';
import type { Milliseconds } from '../session.js';
import { TabConnection } from '../sync/tab-connection.js';
import { randomFrom } from './random.js';

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
  /** Ends {@link SimulatedTabsOptions.faults}: what is sent from now on arrives, once and in order. */
  calm(): void;
}

/** Options of {@link simulatedTabs}. */
export interface SimulatedTabsOptions {
  /** Lets chance handle every message, for each tab that should get it on its own. Absent: all arrive. */
  readonly faults?: MessageFaults | undefined;
}

/** How often what goes wrong with messages. One seed on a clock under control gives one course of events. */
export interface MessageFaults {
  readonly seed: number;
  /** The share of messages that never arrive, 0 to 1; default 0.3. */
  readonly lost?: number | undefined;
  /** The share of the others that arrive twice, 0 to 1; default 0.2. */
  readonly doubled?: number | undefined;
  /** How late one may arrive, and so after later ones; default 100. */
  readonly latest?: Milliseconds | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
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
export function simulatedTabs({ faults }: SimulatedTabsOptions = {}): SimulatedTabs {
  const ends = new Set<End>();
  const contexts = new Set<TabSyncContext>();
  let held = false;
  let transit: InTransit[] = [];
  let meddle = faults && meddler(faults);

  const arrive = ({ message, receivers }: InTransit): void => {
    for (const end of receivers()) end.receive(structuredClone(message));
  };

  const carry = async (sent: InTransit): Promise<void> => {
    if (meddle !== undefined) {
      for (const end of sent.receivers()) {
        meddle(() => {
          if (ends.has(end)) end.receive(structuredClone(sent.message));
        });
      }
    } else if (held) transit.push(sent);
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
    calm() {
      const { clock = systemClock } = faults ?? {};
      meddle = (deliver) => void clock.after(0, deliver);
    },
  };
}

/** @returns does what happens when a message arrives: never, once or twice, sooner or later */
function meddler({
  seed,
  lost = 0.3,
  doubled = 0.2,
  latest = 100,
  clock = systemClock,
}: MessageFaults): (deliver: () => void) => void {
  const random = randomFrom(seed);
  return (deliver) => {
    if (random() < lost) return;
    const copies = random() < doubled ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) clock.after(random() * latest, deliver);
  };
}
