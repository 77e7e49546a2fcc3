import { beforeEach, expect, test } from 'vitest';
import { memoryBackend } from '../stores/memory.js';
import { faultyBackend, type FaultyBackend } from './faulty-backend.js';
import { live, put } from './records.js';

let backend: FaultyBackend;

beforeEach(async () => {
  backend = faultyBackend(memoryBackend());
  await backend.open({
    name: 'shop',
    now: () => 0,
    onError: () => {},
    onChange: () => {},
    onReset: () => {},
  });
});

const fail = (): never => {
  throw new RangeError('on purpose');
};

test('without faults it does as the backend does', async () => {
  await put(backend, live('a'), live('b'));
  expect((await backend.read('a'))?.version).toBe(1);
  expect(await backend.listIds({ aliveAt: 0, limit: 10 })).toEqual(['a', 'b']);
  expect((await backend.scan({ by: 'id', limit: 10 })).records).toHaveLength(2);
  await backend.clear(() => []);
  expect(await backend.read('a')).toBe(undefined);
  await backend.close();
  expect([backend.name, backend.capabilities.shared]).toEqual(['memory', 'tab']);
});

test('a fault before the commit keeps it from being made, one after it only from being heard of', async () => {
  backend.once('transact', 'before', fail);
  await expect(put(backend, live('a'))).rejects.toThrow('on purpose');
  expect(await backend.read('a')).toBe(undefined);
  backend.once('transact', 'after', fail);
  await expect(put(backend, live('a'))).rejects.toThrow('on purpose');
  expect((await backend.read('a'))?.version).toBe(1);
});

test('each fault strikes once, in the order they were ordered', async () => {
  const log: string[] = [];
  backend.once('read', 'before', () => log.push('first'));
  backend.once('read', 'before', () => log.push('second'));
  backend.once('scan', 'before', () => log.push('of another operation'));
  await backend.read('a');
  expect(log).toEqual(['first']);
  await backend.read('a');
  await backend.read('a');
  expect(log).toEqual(['first', 'second']);
});

test('a promise delays', async () => {
  let release = (): void => {};
  backend.once('read', 'before', () => new Promise<void>((resolve) => (release = resolve)));
  let isRead = false;
  const reading = backend.read('a').then(() => (isRead = true));
  await backend.read('b');
  expect(isRead).toBe(false);
  release();
  await reading;
  expect(isRead).toBe(true);
});

test('it counts calls, and the records that are asked for or handed out', async () => {
  await put(backend, live('a'), live('b'), live('c'));
  await backend.read('a');
  await backend.scan({ by: 'id', limit: 2 });
  expect(backend.handled).toBe(3 + 1 + 2);
  expect(backend.calls).toMatchObject({ open: 1, transact: 1, read: 1, scan: 1, close: 0 });
});
