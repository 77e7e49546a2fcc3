/** The demo extension in a real Firefox, as an event page: its alarm wakes it, and it sweeps. */

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'playwright/test';
import puppeteer from 'puppeteer-core';
import { findFirefox } from '../scripts/browsers.mjs';
import { buildExtension, buildScript } from './extension.js';
import type { Report } from './pages/extension-reporter.js';
import { temporaryFolder } from './profile.js';

interface Manifest {
  readonly background: { readonly scripts: string[] };
  content_security_policy?: { readonly extension_pages: string };
}

/** A server that takes reports. */
async function listen(
  take: (report: Report) => void,
): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      take(JSON.parse(text) as Report);
      response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, address: `http://127.0.0.1:${address.port}/` };
}

test('R7 in Firefox an event page that was stopped is woken by its alarm, and sweeps', async () => {
  test.setTimeout(120_000);
  const folder = temporaryFolder();
  let last: Report | undefined;
  const { server, address } = await listen((report) => (last = report));
  const pace = { keepsWarm: 5000, periodInMinutes: 12 / 60 };
  await buildExtension(folder.path, pace);
  await buildScript(folder.path, 'e2e/pages/extension-reporter.ts', pace, {
    REPORT_TO: JSON.stringify(address),
  });
  const manifestFile = join(folder.path, 'manifest.json');
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest;
  manifest.background.scripts.push('extension-reporter.js');
  // Else Firefox makes https of the address of the test.
  manifest.content_security_policy = { extension_pages: "script-src 'self'" };
  writeFileSync(manifestFile, JSON.stringify(manifest));

  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: findFirefox()!,
    headless: true,
    // Half a minute without this.
    extraPrefsFirefox: { 'extensions.background.idle.timeout': 2000 },
  });
  try {
    await browser.installExtension(folder.path);
    await expect
      .poll(() => last?.pots, { timeout: 30_000 })
      .toEqual([expect.objectContaining({ kind: 'live' })]);
    await expect
      .poll(() => last?.pots, { timeout: 60_000 })
      .toEqual([expect.objectContaining({ kind: 'tombstone', reason: 'expired' })]);
    const cleared = () => last?.entries.filter(({ what }) => what === 'cleared') ?? [];
    await expect.poll(cleared).toHaveLength(1);
    const starts = last!.entries.filter(({ what }) => what === 'started');
    expect(starts.findIndex(({ worker }) => worker === cleared()[0]!.worker)).toBeGreaterThan(0);
    expect(last!.errors).toEqual([]);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
    folder.remove();
  }
});
