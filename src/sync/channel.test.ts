// oxlint-disable unicorn/require-post-message-target-origin -- a rule for windows; channels have no such argument

import { OPEN_BROADCAST_CHANNELS } from 'broadcast-channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../ports.js';
import { openPackageChannel } from './channel.js';

const open: Channel[] = [];

function listening(name: string): { readonly channel: Channel; readonly heard: unknown[] } {
  const heard: unknown[] = [];
  const channel = openPackageChannel(name, (message) => heard.push(message));
  open.push(channel);
  return { channel, heard };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((channel) => channel.close()));
});

describe('openPackageChannel', () => {
  it('carries messages between the ends of one name', async () => {
    const [a, b, stranger] = [listening('one'), listening('one'), listening('two')];
    await a.channel.post({ hello: 1 });
    await vi.waitFor(() => expect(b.heard).toEqual([{ hello: 1 }]));
    expect(a.heard).toEqual([]);
    expect(stranger.heard).toEqual([]);
  });

  it('hears a tab whose clock is behind', async () => {
    const a = listening('clock');
    const b = listening('clock');
    const now = vi.spyOn(Date, 'now').mockReturnValue(0);
    await a.channel.post('late');
    now.mockRestore();
    await vi.waitFor(() => expect(b.heard).toEqual(['late']));
  });

  it('R11: ignores what a stranger sends on its name, without an uncaught error', async () => {
    const { heard } = listening('strange');
    const stranger = new BroadcastChannel('strange');
    for (const message of [
      'text',
      null,
      undefined,
      1,
      {},
      { type: 'constructor' },
      { type: 'message' },
    ]) {
      stranger.postMessage(message);
    }
    stranger.postMessage({ type: 'message', time: 0, data: 'the last' });
    await vi.waitFor(() => expect(heard).toEqual(['the last']));
    stranger.close();
  });

  it('R15: rejects what cannot be cloned, and leaves no unhandled rejection', async () => {
    const { channel } = listening('refused');
    await expect(channel.post(() => {})).rejects.toThrow('could not be cloned');
    await expect(channel.close()).resolves.toBeUndefined();
  });

  it('hears nothing any more once it is closed', async () => {
    const [a, b, c] = [listening('closed'), listening('closed'), listening('closed')];
    await b.channel.close();
    expect(OPEN_BROADCAST_CHANNELS.size).toBe(2);
    await a.channel.post(1);
    await vi.waitFor(() => expect(c.heard).toEqual([1]));
    expect(b.heard).toEqual([]);
    await expect(async () => b.channel.post(2)).rejects.toThrow('closed');
  });

  it('does not keep a Node process alive', () => {
    const kept = (): number => process.getActiveResourcesInfo().length;
    const before = kept();
    const control = new BroadcastChannel('alive');
    expect(kept()).toBeGreaterThan(before);
    control.close();
    const withControl = kept();
    listening('alive');
    expect(kept()).toBe(withControl);
  });
});
