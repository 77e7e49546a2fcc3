import { describe, expect, it, vi } from 'vitest';
import { LeaderWorld, type LeaderTab } from '../../test/leader-world.js';
import { SharedMemory } from '../../test/shared-memory.js';
import { openStore } from '../core.js';
import type { SweeperContext } from '../ports.js';
import { nextTurn } from '../environment.js';
import { fakeClock } from '../testing/fake-clock.js';
import { codeOf } from '../testing/outcome.js';
import { simulateOrigin } from '../testing/simulated-origin.js';
import { answerTime, electLeader } from './leader.js';
import { lease } from './leader-lock.js';
import { isLeaderMessage, signed } from './leader-message.js';

const every = 20_000;

/** So many tabs, of which the first leads. */
async function openTabs(
  count: number,
  options: { throttle?: number; isMute?: boolean } = {},
): Promise<{ world: LeaderWorld; tabs: LeaderTab[] }> {
  const world = new LeaderWorld({ random: () => 0.5, every, throttle: 0, ...options });
  const tabs: LeaderTab[] = [];
  for (let n = 0; n < count; n++) {
    tabs.push(world.open());
    await world.wait(300);
  }
  expect(leaderOf(world)).toBe(tabs[0]);
  return { world, tabs };
}

function leaderOf(world: LeaderWorld): LeaderTab | undefined {
  const leaders = world.awake.filter(({ lead }) => lead?.signal.aborted === false);
  expect(leaders.length).toBeLessThan(2);
  return leaders[0];
}

describe('the leader', () => {
  it('that crashes has a successor at once, whose epoch is higher', async () => {
    const { world, tabs } = await openTabs(3);
    const { epoch } = tabs[0]!.lead!;
    tabs[0]!.crash();
    await world.wait(50);
    expect(leaderOf(world)).toBe(tabs[1]);
    expect(tabs[1]!.lead!.epoch).toBeGreaterThan(epoch);
  });

  it.each(['freeze', 'pagehide'] as const)('lets go on %s, and queues again', async (event) => {
    const { world, tabs } = await openTabs(2);
    tabs[0]!.freeze(event);
    await world.wait(50);
    expect(leaderOf(world)).toBe(tabs[1]);
    tabs[0]!.wake();
    await world.wait(50);
    tabs[1]!.crash();
    await world.wait(50);
    expect(leaderOf(world)).toBe(tabs[0]);
  });

  it('that is stopped is robbed within an interval, two questions and a lease; stopped for less, it stays', async () => {
    const { world, tabs } = await openTabs(2);
    tabs[0]!.freeze();
    await world.wait(every + answerTime);
    tabs[0]!.wake();
    await world.wait(2 * answerTime);
    expect(leaderOf(world)).toBe(tabs[0]);

    tabs[0]!.freeze();
    await world.wait(every + 2 * answerTime + lease + 100);
    expect(leaderOf(world)).toBe(tabs[1]);
    tabs[0]!.wake();
    await world.wait(50);
    expect(tabs[0]!.lead!.signal.aborted).toBe(true);
    expect(await codeOf(tabs[0]!.lead!.confirm())).toBe('ABORTED');
  });

  it('refuses a write on an old confirmation: it may have been robbed meanwhile', async () => {
    const { world, tabs } = await openTabs(1);
    const lead = tabs[0]!.lead!;
    await lead.confirm();
    lead.check();
    await world.wait(lease);
    expect(() => lead.check()).toThrow(expect.objectContaining({ code: 'ABORTED' }));
    await lead.confirm();
    lead.check();
  });

  it('that is hidden hands over to a visible tab that asks', async () => {
    const { world, tabs } = await openTabs(3);
    tabs[2]!.page.show('visible');
    await world.wait(50);
    expect(leaderOf(world)).toBe(tabs[2]);
  });

  it('that is hidden leads on when the visible tab is gone before it could take over', async () => {
    const { world, tabs } = await openTabs(2);
    tabs[1]!.page.show('visible');
    await world.wait(2);
    tabs[1]!.crash();
    await world.wait(answerTime + 50);
    expect(leaderOf(world)).toBe(tabs[0]);
  });

  it('that is stopped keeps the lead where tabs have no channel, until it ends', async () => {
    const { world, tabs } = await openTabs(2, { isMute: true });
    tabs[0]!.freeze();
    await world.wait(5 * every);
    expect(leaderOf(world)).toBe(undefined);
    tabs[0]!.crash();
    await world.wait(50);
    expect(leaderOf(world)).toBe(tabs[1]);
  });
});

describe('words about the lead', () => {
  it('are understood when they are whole', () => {
    for (const message of [
      { kind: 'ask', visible: true },
      { kind: 'here' },
      { kind: 'here', to: 'b' },
      { kind: 'yours', to: 'b' },
    ] as const) {
      expect(isLeaderMessage(structuredClone(signed(message, 'a')))).toBe(true);
    }
  });

  it('R11: are ignored when they are not, or of another protocol', () => {
    const ask = signed({ kind: 'ask', visible: true }, 'a');
    for (const message of [
      null,
      'ask',
      {},
      { ...ask, protocol: 2 },
      { ...ask, from: 1 },
      { ...ask, visible: 'yes' },
      { ...ask, kind: 'here', to: 1 },
      { ...ask, kind: 'yours' },
      { ...ask, kind: 'other' },
    ]) {
      expect(isLeaderMessage(message)).toBe(false);
    }
  });
});

describe('R7: a sweep of a store', () => {
  async function openPair(sweeper?: (context: SweeperContext) => void) {
    const memory = new SharedMemory();
    const clock = fakeClock();
    const open = () =>
      openStore<number>({
        name: 'shop',
        backend: memory.tab(),
        clock,
        ttl: { idle: 1000 },
        sweeper: { start: (context) => (sweeper?.(context), async () => {}) },
      });
    return { clock, stores: [await open(), await open()] as const };
  }

  it('removes no living session when two tabs are forced to sweep at once', async () => {
    const { clock, stores } = await openPair();
    const [one, two] = stores;
    const ids = await Promise.all(
      Array.from({ length: 400 }, async (_, n) => (await one.create(n)).id),
    );
    await clock.advance(999);
    // One after another: all expire when half of the touches are through, with two sweeps under way.
    const touched: string[] = [];
    const touchAll = async (): Promise<void> => {
      for (const [n, id] of ids.entries()) {
        if (n === 200) clock.set(clock.now() + 1);
        const session = await two.touch(id).catch(() => undefined);
        if (session !== undefined) touched.push(id);
      }
    };
    const progress = { isTouching: true };
    const sweepAgain = async (store: typeof one): Promise<number> => {
      let ended = 0;
      while (progress.isTouching) ended += (await Promise.all([store.sweep(), nextTurn()]))[0];
      return ended + (await store.sweep());
    };
    const touching = touchAll().finally(() => (progress.isTouching = false));
    const [first, second] = await Promise.all([sweepAgain(one), sweepAgain(two), touching]);
    expect(first + second).toBe(200);
    expect((await one.listIds()).sort()).toEqual(touched.sort());
  });

  it('ends before the next page when the lead is lost, also between confirmation and commit', async () => {
    const contexts: SweeperContext[] = [];
    const { clock, stores } = await openPair((context) => contexts.push(context));
    await Promise.all(Array.from({ length: 250 }, (_, n) => stores[0].create(n)));
    await clock.advance(1000);
    let steps = 0;
    const lost = Object.assign(new Error('lost'), { code: 'ABORTED' });
    const step = (): void => {
      if (++steps > 3) throw lost;
    };
    const confirm = vi.fn<() => Promise<void>>(async () => step());
    const { signal } = new AbortController();
    const sweeping = contexts[0]!.sweep({ epoch: 1, signal, confirm, check: step });
    await expect(sweeping).rejects.toBe(lost);
    expect(confirm).toHaveBeenCalledTimes(2);
    // One page of 100 is done.
    expect(await stores[1].sweep()).toBe(150);
  });
});

it('a page that is put away while it asks who leads keeps no lock', async () => {
  const origin = simulateOrigin();
  const { locks } = origin.openTab();
  const global = new EventTarget();
  const election = electLeader({
    name: 'shop',
    // A page that is put away gets no answer any more.
    locks: { request: locks.request.bind(locks), query: () => new Promise(() => {}) },
    page: { global, document: undefined },
    onLead: () => {},
    onError: (error) => expect(error).toBeUndefined(),
  });
  const other = origin.openTab().locks;
  const held = async (): Promise<unknown[]> => (await other.query()).held ?? [];
  await vi.waitFor(async () => expect(await held()).toHaveLength(1));
  global.dispatchEvent(new Event('pagehide'));
  await vi.waitFor(async () => expect(await held()).toEqual([]));
  await election.close();
});
