import { describe, expect, test } from 'vitest';
import type { StoredRecord } from './backend.js';
import { isSessionError } from './errors.js';
import { payloadOf } from './payload.js';
import { headerOf, parseRecord } from './record.js';
import { live, slot, tombstone } from './testing/records.js';

const data = payloadOf({ tea: 2 });

function isRefused(id: string, header: unknown): boolean {
  try {
    parseRecord(id, header, 'raw', () => data);
    return false;
  } catch (error) {
    return isSessionError(error, 'DECODE_FAILED');
  }
}

const sound: readonly StoredRecord[] = [
  live('a', { data }),
  live('b', { data, owner: 'ann', expiresAt: 5, idle: 1, absolute: 2, slot: '\u0001slot:x' }),
  tombstone('c'),
  tombstone('d', { reason: 'rotated', successor: 'e', lastOwner: 'ann' }),
  tombstone('f', { reason: 'expired' }),
  slot('default', 'a'),
];

describe.each(sound)('a sound record of kind $kind', (record) => {
  test('R1 comes back from its header through JSON', () => {
    const stored = JSON.parse(JSON.stringify(headerOf(record)));
    expect(stored).not.toHaveProperty('data');
    expect(parseRecord(record.id, stored, 'raw', () => data)).toEqual(record);
  });

  test('R8 under another id is none', () => {
    expect(isRefused('other', headerOf(record))).toBe(true);
  });

  test('R8 without any one of its fields is none', () => {
    const whole = Object.entries(headerOf(record));
    for (const [missing] of whole) {
      const rest = Object.fromEntries(whole.filter(([field]) => field !== missing));
      expect([missing, isRefused(record.id, rest)]).toEqual([missing, true]);
    }
  });
});

const wrong: readonly (readonly [string, object])[] = [
  ['version', { version: 0 }],
  ['version', { version: 1.5 }],
  ['version', { version: '1' }],
  ['kind', { kind: 'zombie' }],
  ['owner', { owner: 7 }],
  ['slot', { slot: undefined }],
  ['expiresAt', { expiresAt: 'tomorrow' }],
  ['expiresAt', { expiresAt: Number.NaN }],
  ['touchedAt', { touchedAt: null }],
  ['idle', { idle: 0 }],
  ['absolute', { absolute: -1 }],
  ['schemaVersion', { schemaVersion: Infinity }],
  ['createdAt', { createdAt: null }],
];

test.each(wrong)('R8 a live record with a wrong %s is DECODE_FAILED: %o', (_, change) => {
  const raw = { ...headerOf(live('a')), ...change };
  expect(() => parseRecord('a', raw, raw, () => data)).toThrow(
    expect.objectContaining({ code: 'DECODE_FAILED', id: 'a', raw }),
  );
});

test.each([
  { purgeAt: null },
  { reason: 'tired' },
  { reason: 'rotated', successor: null },
  { lastOwner: 5 },
])('R8 a tombstone with %o is DECODE_FAILED', (change) => {
  const header = { ...tombstone('a'), ...change };
  expect(() => parseRecord('a', header, header, () => data)).toThrow(
    expect.objectContaining({ code: 'DECODE_FAILED', id: 'a' }),
  );
});

test.each([undefined, null, 'text', 5, [], {}, new Map()])('R8 %o is no record', (value) => {
  expect(() => parseRecord('a', value, value, () => data)).toThrow(
    expect.objectContaining({ code: 'DECODE_FAILED', id: 'a', raw: value }),
  );
});

test('R8 the payload of what is no living session is never asked for', () => {
  const fail = (): never => expect.unreachable();
  expect(parseRecord('a', tombstone('a'), 'raw', fail).kind).toBe('tombstone');
});
