import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  checkId,
  generateSessionId,
  isInternalId,
  isWellFormedId,
  slotRecordId,
} from './session-id.js';

afterEach(() => vi.unstubAllGlobals());

function stubRandom(fill: (bytes: Uint8Array) => void): void {
  vi.stubGlobal('crypto', {
    getRandomValues(bytes: Uint8Array) {
      fill(bytes);
      return bytes;
    },
  });
}

describe('generateSessionId', () => {
  test('R3 is 32 bytes in base64url', () => {
    for (const seed of [0, 1, 7, 255]) {
      const bytes = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + seed * 91) & 255);
      stubRandom((target) => target.set(bytes));
      expect(generateSessionId()).toBe(Buffer.from(bytes).toString('base64url'));
    }
  });

  test('R3 every bit of it is drawn', () => {
    const ids = new Set<string>();
    for (let bit = 0; bit < 256; bit++) {
      stubRandom((bytes) => {
        bytes[bit >> 3] = 1 << (bit & 7);
      });
      ids.add(generateSessionId());
    }
    expect(ids.size).toBe(256);
  });

  test('without a secure source it is a TypeError, and never a weaker id', () => {
    vi.stubGlobal('crypto', undefined);
    expect(() => generateSessionId()).toThrow(TypeError);
  });
});

describe('ids', () => {
  test.each(['a', 'x'.repeat(256), '\u{1f600}', 'constructor', "it's", ' '])('%o is good', (id) => {
    expect(isWellFormedId(id)).toBe(true);
    expect(() => checkId(id)).not.toThrow();
  });

  test.each([
    '',
    'x'.repeat(257),
    '__proto__',
    '\u0000',
    'a\u001f',
    '\u007f',
    '\u009f',
    '\ud83d',
    '\ude00\ud83d',
    undefined,
    null,
    5,
    {},
    Symbol.iterator,
  ])('%o is not', (id) => {
    expect(isWellFormedId(id)).toBe(false);
    expect(() => checkId(id)).toThrow(expect.objectContaining({ code: 'INVALID_ID' }));
  });

  test('the error keeps the id out of its text', () => {
    expect(() => checkId('sekrit\n')).toThrow(
      expect.objectContaining({ id: 'sekrit\n', message: expect.not.stringContaining('sekrit') }),
    );
  });

  test('the record of a slot has an id that no session may have', () => {
    expect(isInternalId(slotRecordId('default'))).toBe(true);
    expect(isWellFormedId(slotRecordId('default'))).toBe(false);
    expect(isInternalId('default')).toBe(false);
    expect(slotRecordId('a')).not.toBe(slotRecordId('A'));
    expect(() => slotRecordId('')).toThrow(expect.objectContaining({ code: 'INVALID_ID' }));
  });
});
