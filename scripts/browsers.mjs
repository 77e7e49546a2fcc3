// Where the real browser of the tests comes from: found if there is one, installed if not.
// `node scripts/browsers.mjs` makes sure of it and prints its path.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

const minutes = 60_000;

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge',
];

/**
 * Flags for every Chromium that the tests start: it runs as root in containers, without a GPU, and must not reach for the
 * network (its update and sync traffic is refused there, and slows the start).
 */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * The Chromium to use: `TABKEEP_CHROMIUM`, else the first on PATH, else the one that Playwright has downloaded.
 *
 * @returns {string | undefined} full path; undefined when there is none
 */
export function findChromium() {
  const chosen = process.env['TABKEEP_CHROMIUM'];
  if (chosen) return chosen;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return onPath.find(isExecutable) ?? downloadedChromium();
}

/**
 * As {@link findChromium}, but installs one when there is none.
 *
 * @returns {string} full path of a Chromium that starts
 * @throws {Error} saying what to do, when there is none and none can be installed
 */
export function ensureChromium() {
  let path = findChromium();
  if (!path) {
    // Debian's package brings the shared libraries that a bare container lacks; Playwright's own download does not.
    if (isRootOnDebian()) installWithApt();
    if (!findChromium()) installWithPlaywright();
    path = findChromium();
  }
  if (path && run(path, ['--version'], 1, 'ignore')) return path;
  throw new Error(
    `${path ? `${path} does not start` : 'No Chromium found, and none could be installed'}. ` +
      'Install Chromium or Chrome, or set TABKEEP_CHROMIUM to the full path of its executable.',
  );
}

function downloadedChromium() {
  // Loaded only here: most find their browser on PATH, and Playwright takes longer to load than that search.
  const path = require('playwright').chromium.executablePath();
  return isExecutable(path) ? path : undefined;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isRootOnDebian() {
  if (process.getuid?.() !== 0) return false;
  try {
    // Not its derivatives: Ubuntu's chromium package is a stub for a snap, which a container cannot run.
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

function installWithApt() {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', 'chromium'];
  return run('apt-get', ['update', '-q'], 3, 2, env) && run('apt-get', install, 10, 2, env);
}

function installWithPlaywright() {
  const cli = join(require.resolve('playwright/package.json'), '..', 'cli.js');
  return run(process.execPath, [cli, 'install', 'chromium'], 5, 2);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {number} limit in minutes
 * @param {2 | 'ignore'} output where its output goes: to stderr, since stdout is kept for the path, or nowhere
 */
function run(command, args, limit, output, env = process.env) {
  const timeout = limit * minutes;
  const { status } = spawnSync(command, args, { stdio: ['ignore', output, output], timeout, env });
  return status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(ensureChromium());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
