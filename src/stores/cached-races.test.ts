// Reads and commits of the front cache that overlap, and who may use it.

import { describe, expect, it, vi } from 'vitest';
import type { Backend, BackendContext, StoredRecord } from '../backend.js';
import type { Change } from '../ports.js';
import { backendOver } from '../../test/backend-over.js';
import { live, put } from '../testing/records.js';
import { cachedBackend } from './cached.js';
import { memoryBackend } from './memory.js';

/** A read that is under way until it is answered. */
interface Slow {
  readonly answer: (record: StoredRecord | undefined) => void;
}

function contextOf(over: Partial<BackendContext> = {}) {
  const told: ((changes: readonly Change[]) => void)[] = [];
  const stopped: string[] = [];
  const context: BackendContext = {
    name: 'shop',
    now: () => 10_000,
    onError: () => {},
    onChange: () => {},
    onReset: () => {},
    peers: {
      onChanges: (listener) => (told.push(listener), () => stopped.push('changes')),
      onResync: () => () => stopped.push('resync'),
    },
    ...over,
  };
  const tell = (...changes: readonly Change[]): void => told.forEach((each) => each(changes));
  return { context, tell, stopped };
}

async function slowBackend() {
  const reads: Slow[] = [];
  const inner = memoryBackend();
  const slow = backendOver(inner, {
    capabilities: { ...inner.capabilities, shared: 'origin' },
    read: vi.fn<Backend['read']>(() => new Promise((answer) => reads.push({ answer }))),
  });
  const cached = cachedBackend(slow);
  const { context, tell } = contextOf();
  await cached.open(context);
  return { cached, reads, tell, slow };
}

describe('a slow read', () => {
  it('R11 that began before a message is not kept', async () => {
    const { cached, reads, tell } = await slowBackend();
    const first = cached.read('a');
    tell({ id: 'b', version: 2, kind: 'saved' });
    reads[0]!.answer(live('a'));
    expect((await first)?.version).toBe(1);
    void cached.read('a');
    expect(reads).toHaveLength(2);
  });

  it('R9 that ends after a newer state was found gives that', async () => {
    const { cached, reads } = await slowBackend();
    const first = cached.read('a');
    await put(cached, live('a', { version: 2 }));
    expect((await cached.read('a'))?.version).toBe(2);
    reads[0]!.answer(live('a'));
    expect((await first)?.version).toBe(2);
    expect((await cached.read('a'))?.version).toBe(2);
    expect(reads).toHaveLength(1);
  });

  it('R9 that is itself the newer one empties the cache', async () => {
    const { cached, reads } = await slowBackend();
    const first = cached.read('a');
    await put(cached, live('a', { version: 2 }));
    reads[0]!.answer(live('a', { version: 3 }));
    expect((await first)?.version).toBe(3);
    void cached.read('a');
    expect(reads).toHaveLength(2);
  });

  it('two of one session, the later ends first: the earlier does not go back', async () => {
    const { cached, reads } = await slowBackend();
    const [first, second] = [cached.read('a'), cached.read('a')];
    reads[1]!.answer(live('a', { version: 2 }));
    await second;
    reads[0]!.answer(live('a'));
    expect((await first)?.version).toBe(2);
  });
});

describe('an own commit', () => {
  /** Where a commit has been decided, and is not yet told to its caller. */
  async function committing(meanwhile: (tell: (change: Change) => void) => unknown) {
    const inner = memoryBackend();
    const { context, tell } = contextOf();
    const cached = cachedBackend(
      backendOver(inner, {
        capabilities: { ...inner.capabilities, shared: 'origin' },
        async transact(ids, decide) {
          const result = await inner.transact(ids, decide);
          await meanwhile(tell);
          return result;
        },
      }),
    );
    await cached.open(context);
    return { cached, inner };
  }

  it('R11 that a message overtakes is not kept', async () => {
    const { cached, inner } = await committing(async (tell) => {
      await put(inner, live('a', { version: 2 }));
      tell({ id: 'a', version: 2, kind: 'saved' });
    });
    await put(cached, live('a'));
    expect((await cached.read('a'))?.version).toBe(2);
  });

  it('R8 whose answer is lost is read again', async () => {
    let isLost = false;
    const { cached } = await committing(() => {
      if (isLost) throw new Error('The answer is lost.');
    });
    await put(cached, live('a'));
    isLost = true;
    await expect(put(cached, live('a', { version: 2 }))).rejects.toThrow('lost');
    expect((await cached.read('a'))?.version).toBe(2);
  });

  it('R8 that failed before anything was decided is read again as well', async () => {
    const inner = memoryBackend();
    let isGone = false;
    const cached = cachedBackend(
      backendOver(inner, {
        transact: (ids, decide) =>
          isGone ? Promise.reject(new Error('gone')) : inner.transact(ids, decide),
      }),
    );
    await cached.open(contextOf().context);
    await put(cached, live('a'));
    await put(inner, live('a', { version: 2 }));
    isGone = true;
    await expect(put(cached, live('a', { version: 3 }))).rejects.toThrow('gone');
    expect((await cached.read('a'))?.version).toBe(2);
  });

  it('that is decided twice keeps what was decided last', async () => {
    const inner = memoryBackend();
    const cached = cachedBackend(
      backendOver(inner, {
        async transact(ids, decide) {
          decide({ get: () => undefined });
          return inner.transact(ids, decide);
        },
      }),
    );
    await cached.open(contextOf().context);
    let version = 0;
    const decide = () => ({ write: [live('a', { version: ++version })], result: undefined });
    await cached.transact(['a'], decide);
    expect((await cached.read('a'))?.version).toBe(2);
  });

  it('R12 on a backend of text is read back as the text says', async () => {
    const inner = memoryBackend();
    const read = vi.fn<Backend['read']>((id) => inner.read(id));
    const capabilities = { ...inner.capabilities, structuredClone: false };
    const cached = cachedBackend(backendOver(inner, { read, capabilities }));
    await cached.open(contextOf().context);
    await put(cached, live('a'));
    for (const _ of [1, 2, 3]) await cached.read('a');
    expect(read).toHaveBeenCalledTimes(1);
  });
});

describe('who may have it', () => {
  it.each([
    ['tab', true, true],
    ['tab', false, true],
    ['origin', true, true],
    ['origin', false, false],
    ['machine', true, false],
    ['remote', true, false],
  ] as const)(
    'shared: %s, with other tabs heard: %s → caches: %s',
    async (shared, hears, caches) => {
      const inner = memoryBackend();
      const read = vi.fn<Backend['read']>((id) => inner.read(id));
      const capabilities = { ...inner.capabilities, shared };
      const cached = cachedBackend(backendOver(inner, { read, capabilities }));
      const { context } = contextOf();
      await cached.open(hears ? context : { ...context, peers: undefined });
      await put(cached, live('a'));
      await cached.read('a');
      expect(read).toHaveBeenCalledTimes(caches ? 0 : 1);
    },
  );

  it('several stores may share it, as long as each of them hears', async () => {
    const inner = memoryBackend();
    const read = vi.fn<Backend['read']>((id) => inner.read(id));
    const capabilities = { ...inner.capabilities, shared: 'origin' as const };
    const cached = cachedBackend(backendOver(inner, { read, capabilities }));
    const [one, other] = [contextOf(), contextOf()];
    await cached.open(one.context);
    await cached.open(other.context);
    await put(cached, live('a'));
    await cached.close();
    await cached.read('a');
    expect([read.mock.calls.length, one.stopped]).toEqual([0, []]);
    await cached.open({ ...one.context, peers: undefined });
    await cached.read('a');
    expect(read).toHaveBeenCalledTimes(1);
    await cached.close();
    await cached.close();
    expect([one.stopped, other.stopped]).toEqual([
      ['changes', 'resync'],
      ['changes', 'resync'],
    ]);
    await cached.close();
  });

  it('R16 a wiped store, or another one, leaves nothing of the old', async () => {
    const inner = memoryBackend();
    const read = vi.fn<Backend['read']>((id) => inner.read(id));
    let inside: BackendContext | undefined;
    const cached = cachedBackend(
      backendOver(inner, {
        read,
        open: (context) => ((inside = context), inner.open(context)),
      }),
    );
    const heard: unknown[] = [];
    await cached.open(
      contextOf({ onReset: (reset) => heard.push(reset), onChange: (change) => heard.push(change) })
        .context,
    );
    const reset = { epoch: 'two', previous: 'one' };
    const change = { name: 'other', previous: null, reason: undefined };
    for (const tell of [() => inside!.onReset(reset), () => inside!.onChange(change)]) {
      await put(cached, live('a'));
      read.mockClear();
      tell();
      await cached.read('a');
      expect(read).toHaveBeenCalledTimes(1);
    }
    expect(heard).toEqual([reset, change]);
    expect([cached.name, cached.capabilities]).toEqual(['memory', inner.capabilities]);
  });

  it('R14 a cleared store gives nothing from memory', async () => {
    const cached = cachedBackend(memoryBackend());
    await cached.open(contextOf().context);
    await put(cached, live('a'));
    await cached.clear(() => []);
    expect(await cached.read('a')).toBe(undefined);
  });
});

describe('a page that is put away', () => {
  it('R11 keeps nothing', async () => {
    const events = new EventTarget();
    vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
    const inner = memoryBackend();
    const read = vi.fn<Backend['read']>((id) => inner.read(id));
    const cached = cachedBackend(backendOver(inner, { read }));
    await cached.open(contextOf().context);
    vi.unstubAllGlobals();
    await put(cached, live('a'));
    events.dispatchEvent(new Event('pagehide'));
    for (const _ of [1, 2, 3]) await cached.read('a');
    expect(read).toHaveBeenCalledTimes(3);
    await cached.close();
  });
});
