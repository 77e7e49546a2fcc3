import { afterEach, expect, test, vi } from 'vitest';
import { checkOptions } from './options.js';
import { memoryBackend } from './stores/memory.js';

afterEach(() => vi.restoreAllMocks());

const bare = { name: 'shop', backend: memoryBackend() };

test('R15 without onError failures go to the console', () => {
  const print = vi.spyOn(console, 'error').mockReturnValue();
  const error = new RangeError('no');
  checkOptions(bare).onError(error, { during: 'sweep' });
  expect(print.mock.calls).toEqual([['tabkeep:', 'sweep', error]]);
});

test('R15 an onError that throws harms nobody: both errors go to the console', () => {
  const print = vi.spyOn(console, 'error').mockReturnValue();
  const [error, thrown] = [new RangeError('first'), new RangeError('second')];
  const { onError } = checkOptions({
    ...bare,
    onError() {
      throw thrown;
    },
  });
  expect(() => onError(error, { during: 'refresh', id: 'a' })).not.toThrow();
  expect(print.mock.calls.map((words) => words.at(-1))).toEqual([error, thrown]);
});
