import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { errorName, isSessionError, SessionError, sessionErrorCodes } from './errors.js';

test('an error carries what it was given, and nothing else', () => {
  const cause = new RangeError('cause');
  const error = new SessionError('VERSION_CONFLICT', 'text', {
    id: 'a',
    expected: 1,
    actual: 2,
    cause,
  });
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.message, error.code]).toEqual([
    'SessionError',
    'text',
    'VERSION_CONFLICT',
  ]);
  expect([error.id, error.expected, error.actual, error.cause]).toEqual(['a', 1, 2, cause]);
  expect('successor' in error).toBe(false);
  expect('cause' in new SessionError('ABORTED', 'text')).toBe(false);
  expect(String(error)).toBe('SessionError: text');
});

test('isSessionError asks for a code, or for any', () => {
  const error: unknown = new SessionError('ABORTED', 'text');
  expect([
    isSessionError(error),
    isSessionError(error, 'ABORTED'),
    isSessionError(error, 'TIMED_OUT'),
  ]).toEqual([true, true, false]);
});

test('isSessionError knows errors of another copy of the library, in another realm', () => {
  const foreign: unknown = runInNewContext(`
    class SessionError extends Error {
      code = 'SESSION_ENDED';
      [Symbol.for('tabkeep.SessionError')] = true;
    }
    new SessionError('text');
  `);
  expect(foreign).not.toBeInstanceOf(Error);
  expect(isSessionError(foreign, 'SESSION_ENDED')).toBe(true);
});

test.each([
  undefined,
  null,
  'SESSION_ENDED',
  5,
  {},
  new Error('SESSION_ENDED'),
  { code: 'SESSION_ENDED' },
])('isSessionError says no to %o', (value) => expect(isSessionError(value)).toBe(false));

test('no code is listed twice', () => {
  expect(new Set(sessionErrorCodes).size).toBe(sessionErrorCodes.length);
});

test('errorName is the name of whatever has one', () => {
  expect(errorName(new DOMException('text', 'QuotaExceededError'))).toBe('QuotaExceededError');
  expect(errorName(new TypeError('text'))).toBe('TypeError');
  expect([errorName(null), errorName('text'), errorName({})]).toEqual(['', '', '']);
});
