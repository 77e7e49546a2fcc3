import { describe, expect, it, vi } from 'vitest';
import {
  refreshWorld as world,
  runOut,
  type Login,
  type RefreshingTab as Tab,
} from '../../test/refresh-world.js';
import { openStore } from '../store.js';
import { memoryBackend } from '../stores/memory.js';
import { codeOf } from '../testing/outcome.js';
import { refreshOnce, type Refresh, type RefreshOnceOptions } from './refresh-once.js';

const hang = (): Promise<never> => new Promise(() => {});

describe('refreshOnce', () => {
  it('of 6 tabs one asks, and all have what it got', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { tabs, ask } = await world(6, seed);
      const logins = await Promise.all(tabs.map(({ refresh }) => refresh()));
      expect([seed, ask.mock.calls.length]).toEqual([seed, 1]);
      expect(logins).toEqual(tabs.map(() => ({ cart: ['tea'], token: 1, isValid: true })));
      expect(tabs.map(({ session }) => session.data.token)).toEqual([1, 1, 1, 1, 1, 1]);
      expect(tabs[0]!.session.version).toBe(2);
    }
  });

  it('does nothing while no refresh is needed', async () => {
    const { tabs, ask } = await world(1);
    const [{ refresh, session, locks }] = tabs as [Tab];
    await refresh();
    const request = vi.spyOn(locks, 'request');
    expect(await refresh()).toBe(session.data);
    expect([ask.mock.calls.length, request.mock.calls.length, session.version]).toEqual([1, 0, 2]);
  });

  it('calls on one session share one run, and one failure', async () => {
    const { tabs, ask } = await world(1);
    const [{ refresh }] = tabs as [Tab];
    ask.mockRejectedValueOnce(new Error('offline'));
    const failures = await Promise.allSettled([refresh(), refresh(), refresh()]);
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(ask).toHaveBeenCalledTimes(1);
    const logins = await Promise.all([refresh(), refresh(), refresh()]);
    expect([ask.mock.calls.length, logins.map(({ token }) => token)]).toEqual([2, [1, 1, 1]]);
  });

  it('what changes while it is asked for stays', async () => {
    const { tabs } = await world(2);
    const [{ session, refresh }, { session: there }] = tabs as [Tab, Tab];
    const login = await refresh(async () => {
      await there.update(({ cart }) => void cart.push('milk'));
      return (current) => ({ ...current, token: 7, isValid: true });
    });
    expect(login).toEqual({ cart: ['tea', 'milk'], token: 7, isValid: true });
    expect(session.data).toEqual(login);
  });

  it('a failure is that of its caller, and the next tab tries', async () => {
    const { tabs, ask } = await world(3);
    ask.mockRejectedValueOnce(new Error('offline'));
    const outcomes = await Promise.allSettled(tabs.map(({ refresh }) => refresh()));
    expect(outcomes.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('a tab that dies is passed over at once', async () => {
    const { tabs, ask, pass, clock } = await world(3);
    const [dying, ...others] = tabs as [Tab, Tab, Tab];
    void codeOf(dying.refresh(hang));
    await pass(50);
    const before = clock.now();
    const refreshed = Promise.all(others.map(({ refresh }) => refresh()));
    await pass(50);
    dying.browser.kill();
    const logins = await refreshed;
    expect([ask.mock.calls.length, logins.map(({ token }) => token)]).toEqual([1, [1, 1]]);
    expect(clock.now() - before).toBeLessThan(1000);
  });

  it('one that hangs gives up after its timeout, and the next takes its turn', async () => {
    const { tabs, ask } = await world(6);
    const [hanging, ...others] = tabs as [Tab, ...Tab[]];
    const signals: AbortSignal[] = [];
    const outcome = codeOf(
      hanging.refresh((_, { signal }) => {
        signals.push(signal);
        return hang();
      }),
    );
    const logins = await Promise.all(others.map(({ refresh }) => refresh()));
    expect(await outcome).toBe('TIMED_OUT');
    expect([ask.mock.calls.length, logins.map(({ token }) => token)]).toEqual([1, [1, 1, 1, 1, 1]]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(hanging.errors).toEqual([]);
  });

  it('each that hangs has its own time, and nobody loses the place behind', async () => {
    const { tabs, ask, pass } = await world(4);
    const [one, two, ...others] = tabs as [Tab, Tab, Tab, Tab];
    const codes: Promise<string>[] = [];
    for (const { refresh } of [one, two]) {
      codes.push(codeOf(refresh(hang)));
      await pass(50);
    }
    const logins = await Promise.all(others.map(({ refresh }) => refresh()));
    expect(await Promise.all(codes)).toEqual(['TIMED_OUT', 'TIMED_OUT']);
    expect([ask.mock.calls.length, logins.map(({ token }) => token)]).toEqual([1, [1, 1]]);
  });

  it('one that is frozen is passed over, by one of the others', async () => {
    const { tabs, ask, pass } = await world(5);
    const [frozen, ...others] = tabs as [Tab, ...Tab[]];
    let thaw = (): void => {};
    // Holds its turn beyond any time, as a tab whose timers stand still.
    void frozen.locks.request(
      `tabkeep:refresh:${frozen.session.id}`,
      () => new Promise<void>((done) => (thaw = done)),
    );
    await pass(50);
    const logins = await Promise.all(others.map(({ refresh }) => refresh()));
    expect([ask.mock.calls.length, logins.map(({ token }) => token)]).toEqual([1, [1, 1, 1, 1]]);
    thaw();
  });

  it('R2 a late result is committed where a refresh is still needed', async () => {
    const { tabs, pass } = await world(1);
    const [{ session, refresh, errors }] = tabs as [Tab];
    const late = refresh(async () => {
      await pass(5000);
      return (login) => void Object.assign(login, { token: 9, isValid: true });
    });
    expect(await codeOf(late)).toBe('TIMED_OUT');
    expect(session.data.token).toBe(0);
    await pass(5000);
    expect([session.data, errors]).toEqual([{ cart: ['tea'], token: 9, isValid: true }, []]);
  });

  it('R2 a late result gives way to the one that another tab has stored meanwhile', async () => {
    const { tabs, pass } = await world(2);
    const [slow, other] = tabs as [Tab, Tab];
    const late = codeOf(
      slow.refresh(async () => {
        await pass(5000);
        return () => ({ cart: [], token: 9, isValid: true });
      }),
    );
    expect((await other.refresh()).token).toBe(1);
    expect(await late).toBe('TIMED_OUT');
    await pass(10_000);
    expect(slow.session.data).toEqual({ cart: ['tea'], token: 1, isValid: true });
    expect([other.session.data, slow.session.version]).toEqual([slow.session.data, 2]);
  });

  it('R15 a failure after the time is told', async () => {
    const { tabs, pass } = await world(1);
    const [{ refresh, errors }] = tabs as [Tab];
    const failure = new Error('offline');
    const late = refresh(async () => {
      await pass(5000);
      throw failure;
    });
    expect(await codeOf(late)).toBe('TIMED_OUT');
    await pass(5000);
    expect(errors).toEqual([failure]);
  });

  it('a tab that was too slow to begin asks for nothing', async () => {
    const { tabs, pass } = await world(1);
    const [{ refresh, session, errors }] = tabs as [Tab];
    const fn = vi.fn<Refresh<Login>>();
    const update = session.update.bind(session);
    vi.spyOn(session, 'update').mockImplementation(async (...change) => {
      await pass(5000);
      return update(...change);
    });
    expect(await codeOf(refresh(fn))).toBe('TIMED_OUT');
    await pass(5000);
    expect([fn.mock.calls.length, errors]).toEqual([0, []]);
  });

  it('follows a rotation, under a name that stays', async () => {
    const { tabs, ask } = await world(3);
    const [one, two, three] = tabs as [Tab, Tab, Tab];
    await one.session.rotate();
    const name = 'login';
    const logins = await Promise.all(
      [one, two, three].map(({ refresh }) => refresh(undefined, { name })),
    );
    expect([ask.mock.calls.length, logins.map(({ token }) => token)]).toEqual([1, [1, 1, 1]]);
  });

  it('R4 a session that is over is not refreshed', async () => {
    const { tabs, ask } = await world(2);
    const [{ session }, { refresh }] = tabs as [Tab, Tab];
    await session.end();
    expect([await codeOf(refresh()), ask.mock.calls.length]).toEqual(['SESSION_ENDED', 0]);
  });
});

describe('refreshOnce without Web Locks', () => {
  it('N tabs ask at most N times, and agree in the end', async () => {
    const { tabs, ask, pass } = await world(6);
    const logins = await Promise.all(
      tabs.map(({ refresh }) => refresh(undefined, { locks: null })),
    );
    expect(ask.mock.calls.length).toBeLessThanOrEqual(6);
    await pass(1000);
    const [first] = logins;
    // The first result is written, and the others adopt it.
    for (const login of logins) expect(login).toEqual(first);
    for (const { session } of tabs) expect([session.data, session.version]).toEqual([first, 2]);
    expect(first?.cart).toEqual(['tea']);
  });

  it.each([
    ['requests', 'request'],
    ['questions', 'query'],
  ] as const)('a platform that refuses %s is one without', async (_, method) => {
    const { tabs, ask } = await world(1);
    const [{ refresh, locks }] = tabs as [Tab];
    vi.spyOn(locks, method).mockRejectedValue(new DOMException('no', 'SecurityError'));
    expect([(await refresh()).token, ask.mock.calls.length]).toEqual([1, 1]);
  });

  it('takes the locks, the clock and the console of the platform', async () => {
    const store = await openStore<Login>({ name: 'shop', backend: memoryBackend() });
    const create = (): Login => ({ cart: [], token: 0, isValid: false });
    const session = await store.current({ create });
    const console = vi.spyOn(globalThis.console, 'error').mockImplementation(() => {});
    const slow = refreshOnce(
      session,
      runOut,
      async (_, { signal }) => {
        await vi.waitFor(() => expect(signal.aborted).toBe(true));
        throw new Error('offline');
      },
      { timeout: 1 },
    );
    expect(await codeOf(slow)).toBe('TIMED_OUT');
    await vi.waitFor(() => expect(console).toHaveBeenCalledTimes(1));
    console.mockRestore();
    await store.close();
  });
});

describe('refreshOnce refuses', () => {
  it.each([
    ['a timeout of 0', [runOut, hang, { timeout: 0 }], RangeError],
    ['no timeout', [runOut, hang, undefined], TypeError],
    ['a predicate that is none', ['yes', hang, { timeout: 1 }], TypeError],
    ['a refresh that is none', [runOut, 'token', { timeout: 1 }], TypeError],
    [
      'new data in place of a change',
      [runOut, async () => ({ token: 1 }), { timeout: 1000 }],
      TypeError,
    ],
  ])('%s', async (_, rest, misuse) => {
    const { tabs } = await world(1);
    const [needs, fn, options] = rest as never as [
      typeof runOut,
      Refresh<Login>,
      RefreshOnceOptions,
    ];
    await expect(refreshOnce(tabs[0]!.session, needs, fn, options)).rejects.toThrow(misuse);
  });
});
