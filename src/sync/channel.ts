/** The transport between tabs, on the package `broadcast-channel`. */

// oxlint-disable unicorn/require-post-message-target-origin -- a rule for windows; channels have no such argument

import { BroadcastChannel as PackageChannel, type BroadcastMethod } from 'broadcast-channel';
import { hasBroadcastChannel, openBroadcastChannel } from '../environment.js';
import type { OpenChannel } from '../ports.js';

/** The platform's BroadcastChannel; where there is none, what the package makes of IndexedDB or localStorage. */
export const openPackageChannel: OpenChannel = (name, receive) => {
  const channel = new PackageChannel<unknown>(name, { methods: native });
  channel.addEventListener('message', receive);
  return {
    post: (message) => channel.postMessage(message),
    close: () => channel.close(),
  };
};

/**
 * Takes the place of the package's own native method, which throws from its event handler at a stranger's message, drops
 * what was sent, by the sender's clock, before this tab listened, leaves a failed post as an unhandled rejection, and
 * keeps a Node process alive.
 */
const native: BroadcastMethod<BroadcastChannel> = {
  type: 'native',
  canBeUsed: hasBroadcastChannel,
  create: openBroadcastChannel,
  microSeconds: () => 0,
  /* v8 ignore next -- for the leader election of the package, which nobody here uses */
  averageResponseTime: () => 150,
  postMessage(channel, envelope) {
    channel.postMessage(envelope);
    return Promise.resolve();
  },
  onMessage(channel, listener) {
    channel.addEventListener('message', ({ data }) => {
      if (data?.type === 'message') listener(data);
    });
  },
  close: (channel) => channel.close(),
};
