import { describe, expect, test } from 'vitest';
import { conformance } from 'tabkeep/testing';
import { memoryBackend } from './memory.js';

conformance({ describe, test, expect }, () => ({ backend: memoryBackend, dispose() {} }), {
  title: 'memory',
});
