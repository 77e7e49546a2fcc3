/** The processes behind tabs, to stop one as a debugger or a busy system does. */

import type { BrowserContext, Page } from 'playwright/test';

/** Burns time in a tab, and looks whose grew. @returns the id of its process */
export async function rendererOf(context: BrowserContext, page: Page): Promise<number> {
  const session = await context.browser()!.newBrowserCDPSession();
  const times = async (): Promise<Map<number, number>> => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer');
    return new Map(renderers.map(({ id, cpuTime }) => [id, cpuTime]));
  };
  const before = await times();
  await page.evaluate(() => {
    const begun = performance.now();
    while (performance.now() - begun < 700);
  });
  const grown = [...(await times())].map(
    ([id, time]) => [time - (before.get(id) ?? 0), id] as const,
  );
  grown.sort(([one], [other]) => other - one);
  return grown[0]![1];
}

/** Stops a tab's process for as long as some work takes. */
export async function whileStopped<Result>(
  process: number,
  work: () => Promise<Result>,
): Promise<Result> {
  globalThis.process.kill(process, 'SIGSTOP');
  try {
    return await work();
  } finally {
    globalThis.process.kill(process, 'SIGCONT');
  }
}
