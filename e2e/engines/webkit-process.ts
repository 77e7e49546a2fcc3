/** A running webkit.py: is told what its tabs shall do, and answers. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findWebKit } from '../../scripts/browsers.mjs';

const script = fileURLToPath(new URL('webkit.py', import.meta.url));

const quiet = {
  // There is no graphics card to be had, nor anybody to read the screen to.
  WEBKIT_DISABLE_COMPOSITING_MODE: '1',
  WEBKIT_DISABLE_DMABUF_RENDERER: '1',
  LIBGL_ALWAYS_SOFTWARE: '1',
  GDK_BACKEND: 'x11',
  NO_AT_BRIDGE: '1',
};

/** Milliseconds that it gets to end by itself. */
const grace = 3000;

type Command =
  | { readonly do: 'open'; readonly url: string }
  | { readonly do: 'run'; readonly body: string }
  | { readonly do: 'reload' | 'crash' | 'close' };

interface Answer {
  readonly id: number;
  readonly value?: string | null;
  readonly error?: string;
}

export interface WebKitProcess {
  /** @throws Error when the tab could not, or the process has ended */
  tell(tab: string, command: Command): Promise<string | null>;
  end(): Promise<void>;
}

/** @param profile - the folder of what its pages store */
export async function startWebKit(profile: string): Promise<WebKitProcess> {
  const python = findWebKit() ?? 'python3';
  const child = spawn(python, [script, profile], { env: { ...process.env, ...quiet } });
  const closed = Promise.race([once(child, 'close'), once(child, 'error')]);
  const lines = createInterface({ input: child.stdout });
  let complaints = '';
  child.stderr.on('data', (chunk) => (complaints += String(chunk)));
  // Written to after its end: that is told to who waits for the answer.
  child.stdin.on('error', () => {});
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);

  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  let hasEnded = false;
  const ended = (async () => {
    await closed;
    hasEnded = true;
    process.off('exit', kill);
    for (const [id, settle] of waiting) settle({ id, error: 'WebKitGTK has ended.' });
  })();

  if (!(await Promise.race([once(lines, 'line'), ended]))) {
    throw new Error(`${python} shows no pages in WebKitGTK:\n${complaints}`);
  }
  lines.on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });

  return {
    async tell(tab, command) {
      if (hasEnded) throw new Error('WebKitGTK has ended.');
      const id = ++lastId;
      child.stdin.write(`${JSON.stringify({ ...command, id, tab })}\n`);
      const { value = null, error } = await new Promise<Answer>((resolve) => {
        waiting.set(id, resolve);
      });
      if (error !== undefined) throw new Error(error);
      return value;
    },
    async end() {
      child.stdin.end();
      const impatience = setTimeout(kill, grace);
      await ended;
      clearTimeout(impatience);
    },
  };
}
