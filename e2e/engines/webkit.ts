/** WebKitGTK, driven by webkit.py. Each profile has a process of its own, and a folder that goes with it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, Profile, Tab } from './engine.js';
import { startWebKit, type WebKitProcess } from './webkit-process.js';

export function openWebKit(): Engine {
  const open = new Set<Profile>();
  return {
    name: 'webkit',
    async newProfile(origin) {
      const profile = await newProfile(origin);
      open.add(profile);
      return {
        openTab: (path) => profile.openTab(path),
        async close() {
          open.delete(profile);
          await profile.close();
        },
      };
    },
    async close() {
      await Promise.all([...open].map((profile) => profile.close()));
    },
  };
}

async function newProfile(origin: string): Promise<Profile> {
  const folder = await mkdtemp(join(tmpdir(), 'tabkeep-webkit-'));
  // Processes that serve it end a moment later, and may still be writing.
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 20 });
  const running = await startWebKit(folder).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  let tabs = 0;
  return {
    openTab: (path) => openTab(running, String(++tabs), new URL(path, origin).href),
    async close() {
      await running.end();
      await remove();
    },
  };
}

async function openTab(running: WebKitProcess, name: string, url: string): Promise<Tab> {
  await running.tell(name, { do: 'open', url });
  return {
    async evaluate<Argument, Result>(run: (argument: Argument) => Result, argument?: Argument) {
      const given = argument === undefined ? '' : JSON.stringify(argument);
      // In an object, since there is no JSON of undefined.
      const body = `
        try { return JSON.stringify({ value: await (${String(run)})(${given}) }); }
        catch (error) { return JSON.stringify({ error: String(error) + '\\n' + error?.stack }); }`;
      const text = await running.tell(name, { do: 'run', body });
      const { value, error } = JSON.parse(text ?? '{}') as {
        value: Awaited<Result>;
        error?: string;
      };
      if (error !== undefined) throw new Error(error);
      return value;
    },
    reload: () => running.tell(name, { do: 'reload' }),
    close: async () => void (await running.tell(name, { do: 'close' })),
    crash: async () => void (await running.tell(name, { do: 'crash' })),
  };
}
