/** The experiment: two documents add to one session at once, and every single addition must be kept. */

import type { SessionStore } from 'tabkeep';
import { find, findAs } from './dom.js';
import { incrementManyTimes, updatesPerWriter, type FrameMessage } from './increments.js';
import { openTallyStore, type Tally } from './shop-store.js';
import { attempt, report } from './status-line.js';

/** Somebody who can add to a session many times. */
interface Writer {
  write(id: string): Promise<number>;
  close(): void;
}

export function mountTwoWriters(): void {
  const button = findAs(HTMLButtonElement, '#two-writers');
  const result = find('#two-writers-result');
  let isRunning = false;
  button.addEventListener('click', () =>
    attempt(async () => {
      if (isRunning) return;
      isRunning = true;
      result.textContent = `Two writers, ${updatesPerWriter} updates each …`;
      try {
        result.textContent = await runExperiment();
      } catch (error) {
        result.textContent = 'The experiment failed.';
        throw error;
      } finally {
        isRunning = false;
      }
    }),
  );
}

async function runExperiment(): Promise<string> {
  const store = await openTallyStore(report);
  // Without Web Locks frames could not see what lies in the memory of this page: then the two writers share the page as well.
  const isShared = store.backend.capabilities.shared !== 'tab';
  const writers = isShared
    ? await Promise.all([openFrame(), openFrame()])
    : [writerHere(store), writerHere(store)];
  try {
    const { id } = await store.create({ count: 0 });
    const started = performance.now();
    const counts = await Promise.all(writers.map((writer) => writer.write(id)));
    const took = Math.round(performance.now() - started);
    const sent = counts.reduce((sum, count) => sum + count, 0);
    const kept = (await store.load(id))?.data.count ?? 0;
    await store.delete(id);
    const where = isShared ? '' : ', both writers in this page';
    return `${sent} sent, ${kept} kept, ${sent - kept} lost. ${took} ms in ${store.backend.name}${where}.`;
  } finally {
    for (const writer of writers) writer.close();
    await store.close();
  }
}

function writerHere(store: SessionStore<Tally>): Writer {
  return { write: (id) => incrementManyTimes(store, id), close: () => {} };
}

async function openFrame(): Promise<Writer> {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = 'A second writer';
  frame.src = `writer.html${location.search}`;
  const ready = answerOf(frame);
  document.body.append(frame);
  await ready;
  return {
    async write(id) {
      const done = answerOf(frame);
      frame.contentWindow?.postMessage({ id }, location.origin);
      const message = await done;
      return message.is === 'done' ? message.sent : 0;
    },
    close: () => frame.remove(),
  };
}

const patience = 20_000;

/** The next thing that the frame says. */
function answerOf(frame: HTMLIFrameElement): Promise<FrameMessage> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const timer = setTimeout(() => fail('A writer does not answer.'), patience);
    const settle = (): void => {
      over.abort();
      clearTimeout(timer);
    };
    const fail = (reason: string): void => {
      settle();
      reject(new Error(reason));
    };
    const hear = ({ source, data }: MessageEvent<FrameMessage>): void => {
      if (source !== frame.contentWindow) return;
      if (data.is === 'failed') return fail(data.reason);
      settle();
      resolve(data);
    };
    addEventListener('message', hear, { signal: over.signal });
  });
}
