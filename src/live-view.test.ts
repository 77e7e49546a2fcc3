import { expect, test } from 'vitest';
import type { LiveRecord } from './backend.js';
import type { Watcher } from './change-hub.js';
import { startEngine } from './engine.js';
import { liveView } from './live-view.js';
import { checkOptions } from './options.js';
import type { SessionStore } from './session.js';
import { shapeOf } from './shape.js';
import { memoryBackend } from './stores/memory.js';
import { fakeClock } from './testing/index.js';
import { live } from './testing/records.js';

test('R6 a touch that is read late does not take back what a later one has extended', async () => {
  const clock = fakeClock(0);
  const options = checkOptions({ name: 'shop', backend: memoryBackend(), clock });
  const engine = startEngine<unknown>(options, memoryBackend(), shapeOf({}), async () => 0);
  let watcher: Watcher | undefined;
  const hub = {
    ...engine.hub,
    watch: (view: Watcher) => {
      watcher = view;
      return () => {};
    },
  };
  const touched = (expiresAt: number): LiveRecord => ({ ...live('a'), expiresAt });
  const first = engine.shape.present(touched(1000));
  const view = liveView({} as SessionStore<unknown>, { ...engine, hub }, first);

  for (const expiresAt of [3000, 2000]) watcher?.see(touched(expiresAt));
  await clock.advance(0);

  expect(view.expiresAt).toBe(3000);
});
