import { describe, expect, test } from 'vitest';
import { memoryBackend } from '../../stores/memory.js';
import { openStore } from '../../store.js';
import { checkHistory, historyRecorder, type HistoryEvent, type HistoryOutcome } from '../index.js';
import { textOf } from './text.js';

/** One operation, from one time to another; data is always the same. */
function did(
  client: string,
  op: HistoryEvent['op'],
  [from, until]: readonly [number, number | null],
  outcome: HistoryOutcome | number | null,
  more: Partial<HistoryEvent> = {},
): HistoryEvent {
  const moment = (at: number) => ({ at, tick: at, clock: at });
  const session = (version: number) => ({ id: 'a', version, data: '"tea"', expiresAt: null });
  return {
    client,
    number: from,
    op,
    id: 'a',
    input: {},
    invoked: moment(from),
    returned: until === null ? null : moment(until),
    outcome: typeof outcome === 'number' ? { kind: 'session', session: session(outcome) } : outcome,
    ...more,
  };
}

const created = did('one', 'create', [0, 1], 1);
const update = { input: { saw: '"tea"', data: '"tea"', runs: 1 } };

describe('what is recorded', () => {
  test('every outcome, as plain data, when it begins and when it ends', async () => {
    let now = 0;
    const told: HistoryEvent[] = [];
    const recorder = historyRecorder({
      client: 'one',
      now: () => ++now,
      clock: { now: () => 7 },
      onEvent: (event) => told.push(event),
    });
    const store = recorder.record(
      await openStore<number[]>({ name: 'shop', backend: memoryBackend() }),
    );
    await store.create([1], { id: 'a' });
    await store.update('a', (data) => void data.push(2));
    await store.saveIfVersion('a', [], 1).catch(() => {});
    await store.save('a', []);
    await store.load('b');
    await store.touch('a');
    await store.rotate('a', { id: 'c', data: [3] });
    await store.rotate('a').catch(() => {});
    await store.delete('c');
    await store.endAll('ann');
    await store.clear();

    expect(recorder.events.map(({ op, input, outcome }) => [op, input, outcome])).toMatchObject([
      ['create', { data: '[1]' }, { kind: 'session', session: { id: 'a', version: 1 } }],
      ['update', { saw: '[1]', data: '[1,2]', runs: 1 }, { session: { data: '[1,2]' } }],
      ['saveIfVersion', { expectedVersion: 1 }, { code: 'VERSION_CONFLICT', actual: 2 }],
      ['save', { data: '[]' }, { session: { version: 3, expiresAt: null } }],
      ['load', {}, { kind: 'absent' }],
      ['touch', {}, { session: { version: 3 } }],
      ['rotate', { successor: 'c', data: '[3]' }, { session: { id: 'c', version: 4 } }],
      ['rotate', {}, { code: 'VERSION_CONFLICT', successor: 'c' }],
      ['delete', {}, { kind: 'ended', was: true }],
      ['endAll', {}, { kind: 'done' }],
      ['clear', {}, { kind: 'done' }],
    ]);
    expect(recorder.events[0]!.invoked).toEqual({ at: 1, tick: 0, clock: 7 });
    expect(recorder.events[0]!.returned).toEqual({ at: 2, tick: 1, clock: 7 });
    expect(told.filter(({ returned }) => returned === null)).toHaveLength(11);
    expect(JSON.parse(JSON.stringify(told))).toHaveLength(22);
    // Told twice each, and judged once.
    expect(checkHistory(told)).toEqual({ ok: true, violations: [], operations: 11 });
  });

  test('an error of the caller itself, by its name', async () => {
    const recorder = historyRecorder({ client: 'one' });
    const store = recorder.record(await openStore({ name: 'shop', backend: memoryBackend() }));
    const failing = store.update('a', 'no function' as unknown as () => void);
    await expect(failing).rejects.toThrow(TypeError);
    expect(recorder.events[0]!.outcome).toEqual({ kind: 'error', code: 'TypeError' });
  });
});

describe('real time', () => {
  const history = [
    created,
    did('one', 'update', [10, 20], 2, update),
    did('two', 'load', [23, 24], 1),
  ];

  test('R9: what is older than the last completed write is stale', () => {
    const { ok, violations } = checkHistory(history, { tolerance: 2 });
    expect(ok).toBe(false);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatchObject({ rule: 'R9', id: 'a', operations: history.slice(1) });
    expect(violations[0]!.text).toBe(
      [
        'R9 found version 1 after others had left version 2 or more:',
        '  one #10 update(a "tea" -> "tea"): version 2 "tea" [10 to 20]',
        '  two #23 load(a): version 1 "tea" [23 to 24]',
      ].join('\n'),
    );
  });

  test('clocks that are apart excuse it, and so do reads that may lag', () => {
    expect(checkHistory(history)).toMatchObject({ ok: true });
    expect(checkHistory(history, { tolerance: 0, reads: 'ordered' })).toMatchObject({ ok: true });
  });

  test('neither excuses a client that does not see what it did itself', () => {
    const own = [...history.slice(0, 2), did('one', 'load', [21, 22], 1)];
    for (const reads of ['latest', 'ordered'] as const) {
      expect(checkHistory(own, { tolerance: 100, reads })).toMatchObject({ ok: false });
    }
  });
});

describe('an operation without outcome', () => {
  const lost = did('one', 'update', [10, null], null, update);

  test('R1 R9: may have happened, at any time after it was begun', () => {
    const load = did('two', 'load', [900, 901], 2);
    expect(checkHistory([created, lost, load])).toMatchObject({ ok: true });
    const early = did('two', 'load', [4, 5], 2);
    expect(checkHistory([created, lost, early], { tolerance: 0 })).toMatchObject({ ok: false });
  });

  test('R1: and happened once', () => {
    const load = did('two', 'load', [900, 901], 3);
    expect(checkHistory([created, lost, load])).toMatchObject({ ok: false });
  });

  test('so many that nothing can be said of them are told', { timeout: 60_000 }, () => {
    const many = Array.from({ length: 12 }, (_, n) => did(`tab ${n}`, 'delete', [10, null], null));
    const renewals = Array.from({ length: 12 }, (_, n) =>
      did(`other ${n}`, 'create', [10, null], null, { input: { data: '1', replaceEnded: true } }),
    );
    const load = did('two', 'load', [900, 901], 90);
    expect(() => checkHistory([created, ...many, ...renewals, load])).toThrow(RangeError);
  });
});

test('R6: a session may end when it has expired, and not before', () => {
  const session = { id: 'a', version: 1, data: '"tea"', expiresAt: 100 };
  const mortal = did('one', 'create', [0, 1], { kind: 'session', session });
  const gone = (at: number) => did('two', 'load', [at, at + 1], { kind: 'absent' });
  expect(checkHistory([mortal, gone(120)])).toMatchObject({ ok: true });
  expect(checkHistory([mortal, gone(50)])).toMatchObject({ ok: false });
  const late = did('two', 'load', [120, 121], { kind: 'session', session });
  expect(checkHistory([mortal, late]).violations).toMatchObject([{ rule: 'R6' }]);
});

test('data as text is the same for the same data, and for nothing else', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const values = [
    undefined,
    null,
    0,
    -0,
    1n,
    '1',
    1,
    true,
    [],
    {},
    [undefined],
    { a: undefined },
    cycle,
    new Date(0),
    new Map([[1, 2]]),
    new Set([1, 2]),
    new Uint8Array([1]),
    new ArrayBuffer(1),
    new URL('https://a.example/'),
    /a/g,
    new Error('a'),
  ];
  const texts = values.map(textOf);
  expect(new Set(texts).size).toBe(values.length);
  expect(textOf({ a: 1, b: { d: 2, c: 3 } })).toBe(textOf({ b: { c: 3, d: 2 }, a: 1 }));
});
