import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSyncMessage, mostChanges } from './message.js';

const change = { id: 'a', version: 1, kind: 'saved' };
const message = { protocol: 1, from: 'tab', seq: 1, changes: [change] };

const changesOf = (length: number): unknown[] => Array.from({ length }, () => change);
const withChange = (fields: object): unknown => ({
  ...message,
  changes: [{ ...change, ...fields }],
});

describe('isSyncMessage', () => {
  it.each<[string, unknown]>([
    ['a change', message],
    ['no change', { ...message, changes: [] }],
    ['as many changes as may be', { ...message, changes: changesOf(mostChanges) }],
    ['the highest version', withChange({ version: Number.MAX_SAFE_INTEGER })],
    ['a successor', withChange({ kind: 'rotated', successor: 'b' })],
    ['a time', withChange({ kind: 'touched', expiresAt: 1e12 })],
    ['no end', withChange({ kind: 'touched', expiresAt: null })],
    ['fields that a later version may add', withChange({ more: 1 })],
  ])('accepts %s', (_, sound) => {
    expect(isSyncMessage(sound)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'saved'],
    ['an empty object', {}],
    ['a newer protocol', { ...message, protocol: 2 }],
    ['a protocol as text', { ...message, protocol: '1' }],
    ['no sender', { ...message, from: undefined }],
    ['a sender without end', { ...message, from: 'x'.repeat(257) }],
    ['a number that counts nothing', { ...message, seq: 0 }],
    ['a number past counting', { ...message, seq: 2 ** 53 }],
    ['changes that are no list', { ...message, changes: { length: 1, 0: change } }],
    ['too many changes', { ...message, changes: changesOf(mostChanges + 1) }],
    ['a change that is none', { ...message, changes: [null] }],
    ['one bad change among good ones', { ...message, changes: [change, { ...change, id: '' }] }],
    ['an id that is no text', withChange({ id: 1 })],
    ['an id of the library itself', withChange({ id: '\u0001slot:default' })],
    ['the id __proto__', withChange({ id: '__proto__' })],
    ['version 0', withChange({ version: 0 })],
    ['half a version', withChange({ version: 1.5 })],
    ['a version past the safe integers', withChange({ version: 2 ** 53 })],
    ['an infinite version', withChange({ version: Infinity })],
    ['an unknown kind', withChange({ kind: 'toString' })],
    ['an ill-formed successor', withChange({ successor: '\ud800' })],
    ['a successor that is null', withChange({ successor: null })],
    ['a time that is none', withChange({ expiresAt: NaN })],
    ['a time as text', withChange({ expiresAt: '0' })],
  ])('R11: ignores %s', (_, strange) => {
    expect(isSyncMessage(strange)).toBe(false);
  });

  it('R11: never throws, whatever it is given', () => {
    const isIgnored = (given: unknown): void => {
      expect(isSyncMessage(given)).toBe(false);
    };
    fc.assert(fc.property(fc.anything(), isIgnored));
    fc.assert(fc.property(fc.anything(), (given) => isIgnored({ ...message, changes: [given] })));
  });
});
