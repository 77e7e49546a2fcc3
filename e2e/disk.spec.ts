/** A disk that is full, one that fails, and what reaches it: needs root, for a disk of its own and to trace the browser. */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type BrowserContext, type Page } from 'playwright/test';
import { reasonAgainst } from './faults.js';
import { launchOn, temporaryFolder } from './profile.js';

async function openPage(
  context: BrowserContext,
  origin: string,
  durability: 'relaxed' | 'strict' = 'relaxed',
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin}/e2e/pages/lifecycle.html`);
  await page.waitForFunction(() => 'life' in window);
  expect(await page.evaluate((how) => window.life.open({ durability: how }), durability)).toBe(
    'done',
  );
  return page;
}

const load = (page: Page): Promise<number | string | undefined> =>
  page.evaluate(() => window.life.load());

const save = (page: Page, count: number, size = 0): Promise<string> =>
  page.evaluate((what) => window.life.save(what.count, what.size), { count, size });

const resetsIn = (page: Page): Promise<number> =>
  page.evaluate(() => window.life.events.filter(({ type }) => type === 'reset').length);

/** The process that holds IndexedDB. */
async function browserProcess(context: BrowserContext): Promise<number> {
  const session = await context.browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.find(({ type }) => type === 'browser')!.id;
}

/** Runs some work while strace watches every thread of a process. @returns what strace wrote */
async function traced(
  process: number,
  folder: string,
  options: readonly string[],
  work: () => Promise<void>,
): Promise<string> {
  const log = join(folder, 'trace');
  const args = ['-f', '-qq', '-y', '-e', 'trace=fdatasync', ...options, '-o', log];
  const strace = spawn('strace', [...args, '-p', String(process)], { stdio: 'ignore' });
  try {
    await expect.poll(() => isTraced(process)).toBe(true);
    await work();
  } finally {
    await ended(strace);
  }
  return readFileSync(log, 'utf8');
}

function isTraced(process: number): boolean {
  return readdirSync(`/proc/${process}/task`).every((task) => {
    const status = readFileSync(`/proc/${process}/task/${task}/status`, 'utf8');
    return !status.includes('TracerPid:\t0\n');
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) resolve();
    child.once('exit', () => resolve());
    child.kill('SIGINT');
  });
}

test.describe('disk', () => {
  const reason = reasonAgainst('mount', 'strace');
  test.skip(reason !== undefined, reason);
  test.setTimeout(180_000);

  test('R8 R9 a full disk: refused with a code, nothing lost, and it works again with space', async ({
    baseURL,
  }) => {
    const folder = temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', folder.path]);
    try {
      const { context } = await launchOn(join(folder.path, 'profile'));
      try {
        const page = await openPage(context, baseURL!);
        expect(await save(page, 1)).toBe('done');
        const filling = join(folder.path, 'filling');
        try {
          execFileSync('dd', ['if=/dev/zero', `of=${filling}`, 'bs=64k'], { stdio: 'ignore' });
        } catch {
          // It ends when there is no room.
        }
        const causes: string[] = [];
        for (let attempt = 2; attempt < 6; attempt++) {
          expect(await save(page, attempt, 1_000_000)).toMatch(
            /^(STORE_UNAVAILABLE|QUOTA_EXCEEDED)$/,
          );
          causes.push(...(await page.evaluate(() => window.life.causes)));
        }
        // Not the quota error that an app might expect: the connection was closed as well.
        expect(causes.join('\n')).toContain('UnknownError');
        rmSync(filling);
        await expect.poll(() => load(page)).toBe(1);
        await expect.poll(() => save(page, 6, 1_000_000)).toBe('done');
        expect([await load(page), await resetsIn(page)]).toEqual([6, 0]);
      } finally {
        await context.close();
      }
    } finally {
      execFileSync('umount', ['-l', folder.path]);
      folder.remove();
    }
  });

  test('R8 R9 a disk that fails under a commit: never done when it is not, and it works again', async ({
    baseURL,
  }) => {
    const folder = temporaryFolder();
    const { context } = await launchOn(join(folder.path, 'profile'));
    try {
      const page = await openPage(context, baseURL!, 'strict');
      expect(await save(page, 0)).toBe('done');
      const failing = ['-e', 'inject=fdatasync:error=EIO:when=1..3'];
      let outcomes: string[] = [];
      await traced(await browserProcess(context), folder.path, failing, async () => {
        outcomes = await page.evaluate(() => window.life.increment(8));
      });
      const done = outcomes.filter((outcome) => outcome === 'done').length;
      expect(outcomes[0]).toBe('STORE_UNAVAILABLE');
      expect(new Set(outcomes).size).toBeLessThanOrEqual(2);
      await expect.poll(() => load(page)).toEqual(expect.any(Number));
      // Of those that were refused it is not known: each was made once at most.
      expect(await load(page)).toBeGreaterThanOrEqual(done);
      expect(await load(page)).toBeLessThanOrEqual(outcomes.length);
      await expect.poll(() => save(page, 100)).toBe('done');
      expect([await load(page), await resetsIn(page)]).toEqual([100, 0]);
    } finally {
      await context.close();
      folder.remove();
    }
  });

  const commits = 20;
  for (const [durability, syncs] of [
    ['strict', commits],
    ['relaxed', 0],
  ] as const) {
    test(`R9 durability ${durability}: ${syncs} calls of fdatasync for ${commits} commits`, async ({
      baseURL,
    }) => {
      const folder = temporaryFolder();
      const { context } = await launchOn(join(folder.path, 'profile'));
      try {
        const page = await openPage(context, baseURL!, durability);
        expect(await save(page, 0)).toBe('done');
        const log = await traced(await browserProcess(context), folder.path, [], async () => {
          const outcomes = await page.evaluate((times) => window.life.increment(times), commits);
          expect(new Set(outcomes)).toEqual(new Set(['done']));
        });
        const ours = log.split('\n').filter((line) => /fdatasync\(.*\/IndexedDB\//.test(line));
        expect(ours).toHaveLength(syncs);
      } finally {
        await context.close();
        folder.remove();
      }
    });
  }
});
