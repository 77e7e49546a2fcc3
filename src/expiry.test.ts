import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkMilliseconds, expiresAt, isExpired, isTouchDue, lifetimeOf } from './expiry.js';

const longest = Number.MAX_SAFE_INTEGER;
const span = fc.integer({ min: 1, max: longest });
const limit = fc.option(span);
const moment = fc.integer({ min: 0, max: 4e12 });

describe('lifetimeOf', () => {
  const before = { idle: 10, absolute: null };

  test('R6 undefined keeps, null lifts, a number replaces', () => {
    expect(lifetimeOf(undefined, before)).toEqual(before);
    expect(lifetimeOf({}, before)).toEqual(before);
    expect(lifetimeOf({ idle: undefined, absolute: 5 }, before)).toEqual({ idle: 10, absolute: 5 });
    expect(lifetimeOf({ idle: null }, before)).toEqual({ idle: null, absolute: null });
  });

  test.each([0, -1, Number.NaN, Infinity, 2 ** 53])('R6 a span of %s is a RangeError', (wrong) => {
    expect(() => lifetimeOf({ idle: wrong }, before)).toThrow(RangeError);
    expect(() => lifetimeOf({ absolute: wrong }, before)).toThrow(RangeError);
    expect(() => checkMilliseconds('it', wrong)).toThrow(RangeError);
  });

  test.each(['10', 10n, {}, true])('R6 a span of %o is a TypeError', (wrong) => {
    expect(() => lifetimeOf({ idle: wrong as number }, before)).toThrow(TypeError);
  });

  test('R6 a ttl that is no object is a TypeError', () => {
    expect(() => lifetimeOf(null as never, before)).toThrow(TypeError);
    expect(() => lifetimeOf(5 as never, before)).toThrow(TypeError);
  });

  test('R6 the longest span is allowed', () => {
    expect(lifetimeOf({ idle: longest }, before).idle).toBe(longest);
  });
});

describe('expiresAt', () => {
  test('R6 the earlier limit counts, none is never', () => {
    expect(expiresAt(100, 50, { idle: null, absolute: null })).toBe(null);
    expect(expiresAt(100, 50, { idle: 10, absolute: null })).toBe(110);
    expect(expiresAt(100, 50, { idle: null, absolute: 10 })).toBe(60);
    expect(expiresAt(100, 50, { idle: 10, absolute: 40 })).toBe(90);
    expect(expiresAt(100, 50, { idle: longest, absolute: longest })).toBe(longest);
  });

  test('R6 it is after now by no more than either limit, and an exact integer', () => {
    fc.assert(
      fc.property(moment, moment, limit, limit, (createdAt, later, idle, absolute) => {
        const now = createdAt + later;
        const at = expiresAt(now, createdAt, { idle, absolute });
        expect(at === null).toBe(idle === null && absolute === null);
        fc.pre(at !== null);
        expect(Number.isSafeInteger(at)).toBe(true);
        expect(at - now).toBeLessThanOrEqual(idle ?? Infinity);
        expect(at - createdAt).toBeLessThanOrEqual(absolute ?? Infinity);
        const reachesALimit = at - now === idle || at - createdAt === absolute || at === longest;
        expect(reachesALimit).toBe(true);
      }),
    );
  });
});

test('R6 expired means now >= expiresAt', () => {
  expect([isExpired(null, longest), isExpired(10, 9), isExpired(10, 10)]).toEqual([
    false,
    false,
    true,
  ]);
});

test('R6 a touch is due after a tenth of the idle timeout, and never without one', () => {
  expect([isTouchDue(109, 100, 100), isTouchDue(110, 100, 100)]).toEqual([false, true]);
  expect(isTouchDue(90, 100, 100)).toBe(false); // the clock was set back
  expect(isTouchDue(longest, 0, null)).toBe(false);
});
