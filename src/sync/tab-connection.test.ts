import { describe, expect, it } from 'vitest';
import { FakePage } from '../../test/fake-page.js';
import type { Change, OpenChannel, TabSyncContext } from '../ports.js';
import { fakeClock } from '../testing/fake-clock.js';
import { mostChanges, type SyncMessage } from './message.js';
import { TabConnection } from './tab-connection.js';

const saved = (id: string, version = 1): Change => ({ id, version, kind: 'saved' });

/** The other end of a tab's channel: what the tab sent, and whether it listens. */
class FakeTransport {
  readonly sent: SyncMessage[] = [];
  readonly names: string[] = [];
  /** What a post or a close ends with. */
  outcome: () => Promise<void> = () => Promise.resolve();
  #receive: ((message: unknown) => void) | undefined;

  readonly open: OpenChannel = (name, receive) => {
    this.names.push(name);
    this.#receive = receive;
    return {
      post: (message) => {
        this.sent.push(message as SyncMessage);
        return this.outcome();
      },
      close: () => {
        this.#receive = undefined;
        return this.outcome();
      },
    };
  };

  get isOpen(): boolean {
    return this.#receive !== undefined;
  }

  deliver(message: unknown): void {
    this.#receive?.(message);
  }
}

function connected(overrides: Partial<TabSyncContext> = {}, transport = new FakeTransport()) {
  const page = new FakePage();
  const clock = fakeClock();
  const told: string[] = [];
  const errors: unknown[] = [];
  const context: TabSyncContext = {
    name: 'shop',
    receive: (changes) => told.push(...changes.map(({ id, version }) => `${id} ${version}`)),
    resync: () => told.push('resync'),
    onError: (error, { during }) => errors.push([during, error]),
    ...overrides,
  };
  const connection = new TabConnection(context, transport.open, page, clock);
  return { connection, transport, page, clock, told, errors };
}

const from = (sender: string, seq: number, ...changes: Change[]): SyncMessage => ({
  protocol: 1,
  from: sender,
  seq,
  changes,
});

describe('sending', () => {
  it('tells all changes of one turn in one message', async () => {
    const { connection, transport } = connected();
    connection.post([saved('a'), saved('b')]);
    connection.post([saved('c')]);
    expect(transport.sent).toEqual([]);
    await Promise.resolve();
    expect(transport.names).toEqual(['tabkeep:shop']);
    expect(transport.sent).toEqual([
      {
        protocol: 1,
        from: expect.any(String),
        seq: 1,
        changes: [saved('a'), saved('b'), saved('c')],
      },
    ]);
    connection.post([saved('a', 2)]);
    await Promise.resolve();
    expect(transport.sent[1]).toMatchObject({ seq: 2, from: transport.sent[0]?.from });
  });

  it('tells of each id the last of its kind only, by version', async () => {
    const { connection, transport } = connected();
    connection.post([
      saved('a', 2),
      saved('a', 4),
      saved('a', 3),
      { ...saved('a', 4), kind: 'ended' },
    ]);
    await Promise.resolve();
    expect(transport.sent[0]?.changes).toEqual([
      saved('a', 4),
      { ...saved('a', 4), kind: 'ended' },
    ]);
  });

  it('splits what is too much for one message', async () => {
    const { connection, transport } = connected();
    connection.post(Array.from({ length: 2 * mostChanges + 1 }, (_, i) => saved(`id ${i}`)));
    await Promise.resolve();
    const lengths = transport.sent.map(({ seq, changes }) => [seq, changes.length]);
    expect(lengths).toEqual([
      [1, mostChanges],
      [2, mostChanges],
      [3, 1],
    ]);
  });

  it('R15: reports a post that fails, and goes on', async () => {
    const { connection, transport, errors, clock } = connected();
    const refused = new Error('refused');
    transport.outcome = () => Promise.reject(refused);
    connection.post([saved('a')]);
    await clock.advance(0);
    transport.outcome = () => {
      throw refused;
    };
    connection.post([saved('b')]);
    await clock.advance(0);
    expect(errors).toEqual([
      ['sync', refused],
      ['sync', refused],
    ]);
  });

  it('R15: reports a channel that does not open, and tries again when the page is shown', async () => {
    const refused = new Error('refused');
    const transport = new FakeTransport();
    const working = transport.open;
    Object.assign(transport, {
      open: () => {
        throw refused;
      },
    });
    let open: OpenChannel = transport.open;
    const page = new FakePage();
    const errors: unknown[] = [];
    const context = {
      name: 'shop',
      receive() {},
      resync() {},
      onError: (e: unknown) => errors.push(e),
    };
    const connection = new TabConnection(context, (...given) => open(...given), page, fakeClock());
    connection.post([saved('a')]);
    await Promise.resolve();
    expect(errors).toEqual([refused]);
    open = working;
    page.fire('pageshow');
    connection.post([saved('b')]);
    await Promise.resolve();
    // Number 1 was never sent: whoever hears number 2 sees that.
    expect(transport.sent).toMatchObject([{ seq: 2, changes: [saved('b')] }]);
  });
});

describe('hearing', () => {
  it('hands on what another tab told', () => {
    const { transport, told } = connected();
    transport.deliver(from('other', 1, saved('a'), saved('b', 2)));
    expect(told).toEqual(['a 1', 'b 2']);
  });

  it('R11: ignores strangers, and does not hear itself', async () => {
    const { connection, transport, told, errors } = connected();
    connection.post([saved('a')]);
    await Promise.resolve();
    transport.deliver(transport.sent[0]);
    transport.deliver('hello');
    transport.deliver({ ...from('other', 1, saved('a')), protocol: 2 });
    expect(told).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('R11: after a lost message the next one has everything compared', () => {
    const { transport, told } = connected();
    transport.deliver(from('other', 1, saved('a')));
    transport.deliver(from('other', 2, saved('a', 2)));
    expect(told).toEqual(['a 1', 'a 2']);
    transport.deliver(from('other', 4, saved('b', 4)));
    expect(told.slice(2)).toEqual(['b 4', 'resync']);
  });

  it('R11: the first messages of a tab may have been lost as well', () => {
    const { transport, told } = connected();
    transport.deliver(from('other', 2, saved('a')));
    expect(told).toEqual(['a 1', 'resync']);
  });

  it('R11: late and doubled messages are handed on, and are no gap', () => {
    const { transport, told } = connected();
    transport.deliver(from('other', 1, saved('a')));
    transport.deliver(from('other', 3, saved('c')));
    transport.deliver(from('other', 2, saved('b')));
    transport.deliver(from('other', 4, saved('d')));
    transport.deliver(from('other', 4, saved('d')));
    expect(told).toEqual(['a 1', 'c 1', 'resync', 'b 1', 'd 1', 'd 1']);
  });

  it('remembers a bounded number of senders, the latest', () => {
    const { transport, told } = connected();
    transport.deliver(from('first', 1));
    for (let i = 0; i < 99; i++) transport.deliver(from(`stranger ${i}`, 1));
    transport.deliver(from('first', 2));
    for (let i = 0; i < 99; i++) transport.deliver(from(`other ${i}`, 1));
    transport.deliver(from('first', 3));
    expect(told).toEqual([]);
    for (let i = 0; i < 100; i++) transport.deliver(from(`another ${i}`, 1));
    transport.deliver(from('first', 4));
    expect(told).toEqual(['resync']);
  });

  it('R15: reports what a receiver throws', () => {
    const bug = new Error('bug');
    const { transport, errors } = connected({
      receive() {
        throw bug;
      },
    });
    transport.deliver(from('other', 1, saved('a')));
    expect(errors).toEqual([['sync', bug]]);
  });
});

describe('the life of the page', () => {
  it('opens with the connection, closes on pagehide and opens again on pageshow', () => {
    const { transport, page } = connected();
    expect(transport.isOpen).toBe(true);
    page.fire('pageshow');
    expect(transport.names).toHaveLength(1);
    page.fire('pagehide');
    expect(transport.isOpen).toBe(false);
    page.fire('pageshow');
    expect(transport.isOpen).toBe(true);
    expect(transport.names).toHaveLength(2);
  });

  it('sends what waits before it closes', () => {
    const { connection, transport, page } = connected();
    connection.post([saved('a')]);
    page.fire('pagehide');
    expect(transport.sent).toMatchObject([{ seq: 1, changes: [saved('a')] }]);
  });

  it('R11: what could not be sent shows as a gap', async () => {
    const { connection, transport, page } = connected();
    page.fire('pagehide');
    connection.post([saved('a')]);
    await Promise.resolve();
    page.fire('pageshow');
    connection.post([saved('b')]);
    await Promise.resolve();
    expect(transport.sent).toMatchObject([{ seq: 2, changes: [saved('b')] }]);
  });

  it('R11: has everything compared after it woke, with the channel open again', async () => {
    const { transport, page, clock, told } = connected({
      resync: () => order.push(transport.isOpen),
    });
    const order: boolean[] = [];
    page.fire('pagehide');
    page.fire('pageshow', 'focus');
    await clock.advance(0);
    expect(order).toEqual([true]);
    expect(told).toEqual([]);
  });

  it('lets go of everything when it is closed', async () => {
    const { connection, transport, page, clock, told } = connected();
    page.fire('focus');
    await connection.close();
    await connection.close();
    expect(transport.isOpen).toBe(false);
    page.fire('pageshow', 'focus');
    connection.post([saved('a')]);
    await clock.advance(0);
    expect(transport.isOpen).toBe(false);
    expect(transport.sent).toEqual([]);
    expect(told).toEqual([]);
    expect(clock.waiting).toBe(0);
  });

  it('R15: reports a close that fails, and does not throw', async () => {
    const { connection, transport, errors } = connected();
    const refused = new Error('refused');
    transport.outcome = () => Promise.reject(refused);
    await connection.close();
    expect(errors).toEqual([['sync', refused]]);
  });
});
