// The kit over memory that tabs share: each tab has a replica, on locks and messages that are late.

import { describe, expect, test } from 'vitest';
import { MemoryTabs } from '../../../test/memory-tabs.js';
import { conformance } from '../../testing/index.js';

let seed = 0;

conformance(
  { describe, test, expect },
  () => {
    const tabs = new MemoryTabs(++seed);
    return { backend: () => tabs.tab().backend, dispose() {} };
  },
  { title: 'memory that tabs share, simulated' },
);
