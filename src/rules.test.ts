import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf, RuleRunner } from '../test/rule-runner.js';
import * as rules from './rules.js';
import { live, tombstone } from './testing/records.js';

let it: RuleRunner;

beforeEach(() => {
  it = new RuleRunner();
});

describe('R1', () => {
  test('a write is one version further than what was there, living or ended', () => {
    expect([it.create('a').version, it.save('a').version, it.update('a').version]).toEqual([
      1, 2, 3,
    ]);
    expect(it.rotate('a', 'b').version).toBe(4);
    it.end('b');
    expect(it.create('b', { replaceEnded: true }).version).toBe(5);
    expect(it.create('a', { replaceEnded: true }).version).toBe(4);
  });

  test('after an unswept expiry too', () => {
    it.create('a', { life: { idle: 10, absolute: null } });
    it.now += 10;
    expect(it.create('a', { replaceEnded: true }).version).toBe(2);
  });
});

test('R2 a version is compared with what is there', () => {
  it.create('a');
  it.save('a', 1);
  const current = expect.objectContaining({ id: 'a', data: 'data of a', version: 2 });
  expect(() => it.save('a', 1)).toThrow(
    expect.objectContaining({ code: 'VERSION_CONFLICT', expected: 1, actual: 2, current }),
  );
  expect(codeOf(() => it.save('new', 1))).toBe('VERSION_CONFLICT');
  expect(it.save('new', 0).version).toBe(1);
});

test('R3 nothing that lives is created over', () => {
  it.create('a');
  expect(codeOf(() => it.create('a'))).toBe('ID_COLLISION');
  expect(codeOf(() => it.create('a', { replaceEnded: true }))).toBe('ID_COLLISION');
  expect(codeOf(() => it.rotate('a', 'a'))).toBe('ID_COLLISION');
});

describe('R4', () => {
  test.each([
    ['ended', () => it.end('a')],
    ['rotated', () => it.rotate('a', 'b')],
    ['expired', () => void (it.now += 100)],
    [
      'expired',
      () => {
        it.now += 100;
        it.expire('a');
      },
    ],
  ])('what has %s is not written, and stays as it is', (reason, finish) => {
    it.create('a', { life: { idle: 100, absolute: null } });
    finish();
    const before = it.stored.get('a');
    for (const late of [
      () => it.save('a'),
      () => it.save('a', 1),
      () => it.update('a'),
      () => it.touch('a'),
      () => it.create('a'),
    ]) {
      expect(late).toThrow(
        expect.objectContaining({ code: 'SESSION_ENDED', reason, actual: 1, id: 'a' }),
      );
    }
    expect(it.end('a')).toEqual([]);
    expect(it.stored.get('a')).toBe(before);
  });

  test('a new life has nothing of the old one but the version', () => {
    it.stored.set(
      'a',
      live('a', { version: 7, owner: 'ann', slot: '\u0001slot:x', expiresAt: 1000, createdAt: 1 }),
    );
    expect(it.create('a', { replaceEnded: true })).toMatchObject({
      version: 8,
      owner: null,
      slot: null,
      createdAt: 1000,
    });
  });

  test('a tombstone is forgotten at its time', () => {
    it.create('a');
    it.end('a');
    it.now += 499;
    it.run(rules.forget(it.context, ['a']));
    expect(it.stored.get('a')?.kind).toBe('tombstone');
    it.now += 1;
    it.run(rules.forget(it.context, ['a']));
    expect(it.stored.get('a')).toBe(undefined);
  });

  test('clear leaves tombstones, and none that is past its time', () => {
    it.create('a');
    it.stored.set('old', tombstone('old', { purgeAt: 1000 }));
    it.stored.set('young', tombstone('young', { purgeAt: 1001 }));
    const left = rules.clear(it.context, [...it.stored.values()]);
    expect(left.map(({ id, kind, version }) => [id, kind, version])).toEqual([
      ['a', 'tombstone', 1],
      ['young', 'tombstone', 1],
    ]);
  });
});

describe('R5', () => {
  test('the second rotation learns the successor', () => {
    it.create('a');
    it.rotate('a', 'b');
    expect(() => it.rotate('a', 'c')).toThrow(
      expect.objectContaining({ code: 'VERSION_CONFLICT', successor: 'b', actual: 1 }),
    );
    expect(it.stored.has('c')).toBe(false);
  });

  test('createdAt and what was written by an older app move along', () => {
    it.stored.set('a', live('a', { createdAt: 5, owner: 'ann', absolute: 1500, schemaVersion: 1 }));
    expect(it.rotate('a', 'b')).toMatchObject({
      createdAt: 5,
      owner: 'ann',
      expiresAt: 1505,
      schemaVersion: 1,
    });
  });

  test('R10 the slot is asked for, and then moved in the same decision', () => {
    const slot = '\u0001slot:default';
    it.stored.set('a', live('a', { slot }));
    const rotation = { id: 'a', successor: 'b' };
    expect(it.run(rules.rotate(it.context, rotation, ['a', 'b']))).toBe(slot);
    expect(it.stored.has('b')).toBe(false);
    it.run(rules.rotate(it.context, rotation, ['a', 'b', slot]));
    expect([...it.stored.values()].map(({ id, kind }) => [id, kind])).toEqual([
      ['a', 'tombstone'],
      ['b', 'live'],
      [slot, 'slot'],
    ]);
    expect(rules.targetOf(it.stored.get(slot))).toBe('b');
  });
});

test('R7 a sweep asks again', () => {
  it.create('a', { life: { idle: 100, absolute: null } });
  it.create('b', { life: { idle: 100, absolute: null } });
  it.now += 99;
  it.touch('a');
  it.now += 1;
  expect(it.expire('a', 'b', 'never').map(({ id }) => id)).toEqual(['b']);
});

test('R8 what cannot be decoded is not written over', () => {
  const unreadable = {
    value: () => {
      throw new RangeError('cut');
    },
  };
  it.stored.set('a', live('a', { idle: 10, expiresAt: 5000, touchedAt: 0, data: unreadable }));
  for (const write of [
    () => it.save('a'),
    () => it.update('a'),
    () => it.touch('a'),
    () => it.rotate('a', 'b'),
  ]) {
    expect(write).toThrow('cut');
  }
});

test('R13 what a newer app wrote is not written over, whatever is expected of it', () => {
  it.stored.set('a', live('a', { schemaVersion: 3 }));
  for (const write of [
    () => it.save('a'),
    () => it.save('a', 9),
    () => it.update('a'),
    () => it.touch('a'),
    () => it.rotate('a', 'b'),
  ]) {
    expect(codeOf(write)).toBe('SCHEMA_TOO_NEW');
  }
});
