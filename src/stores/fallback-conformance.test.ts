import { describe, expect, test } from 'vitest';
import { conformance } from 'tabkeep/testing';
import type { Backend } from '../backend.js';
import { SessionError } from '../errors.js';
import { fallbackBackend } from './fallback.js';
import { memoryBackend } from './memory.js';

function refusingBackend(): Backend {
  return Object.assign(memoryBackend(), {
    name: 'refusing',
    open: () => Promise.reject(new SessionError('STORE_UNAVAILABLE', 'Never opens.')),
  });
}

const runner = { describe, test, expect };

conformance(runner, () => ({ backend: () => fallbackBackend([memoryBackend()]), dispose() {} }), {
  title: 'fallback, on its best backend',
});

conformance(
  runner,
  () => ({ backend: () => fallbackBackend([refusingBackend(), memoryBackend()]), dispose() {} }),
  { title: 'fallback, on a worse backend' },
);
