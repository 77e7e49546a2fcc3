/** A hidden frame of the experiment: a document with a store of its own, as a second tab has. */

import { incrementManyTimes, type FrameMessage } from './increments.js';
import { openTallyStore } from './shop-store.js';

const store = await openTallyStore(fail);

addEventListener('message', ({ origin, data }: MessageEvent<{ readonly id: string }>) => {
  if (origin !== location.origin) return;
  incrementManyTimes(store, data.id).then((sent) => tell({ is: 'done', sent }), fail);
});

tell({ is: 'ready' });

function tell(message: FrameMessage): void {
  parent.postMessage(message, location.origin);
}

function fail(error: unknown): void {
  tell({ is: 'failed', reason: String(error) });
}
