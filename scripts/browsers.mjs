// Where the real browsers of the tests come from: found if they are there, installed if not.
// `node scripts/browsers.mjs` makes sure of all three and prints where they are.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

const minutes = 60_000;

/** @typedef {'chromium' | 'firefox' | 'webkit'} EngineName */

/**
 * @typedef {object} Source
 * @property {string} title as people call it
 * @property {string} variable of the environment that names its executable
 * @property {readonly string[]} packages of Debian that bring it, with the libraries that a bare container lacks
 * @property {string} advice for who has to see to it
 * @property {() => string | undefined} find
 */

/** @type {Record<EngineName, Source>} */
const sources = {
  chromium: {
    title: 'Chromium',
    variable: 'TABKEEP_CHROMIUM',
    packages: ['chromium'],
    advice:
      'Install Chromium or Chrome, or set TABKEEP_CHROMIUM to the full path of its executable.',
    find: findChromium,
  },
  firefox: {
    title: 'Firefox',
    variable: 'TABKEEP_FIREFOX',
    packages: ['firefox-esr'],
    advice: 'Install Firefox, or set TABKEEP_FIREFOX to the full path of its executable.',
    find: findFirefox,
  },
  webkit: {
    title: 'WebKitGTK',
    variable: 'TABKEEP_WEBKIT',
    packages: ['gir1.2-webkit2-4.1', 'python3-gi', 'xvfb', 'xauth', 'dbus'],
    advice:
      'Install Xvfb and WebKitGTK 4.1 with its Python binding, or set TABKEEP_WEBKIT to the full path of a python3 that has it.',
    find: findWebKit,
  },
};

/** What the tests of full and failing disks use. */
const tools = [
  { command: 'strace', packages: ['strace'] },
  { command: 'mkfs.ext4', packages: ['e2fsprogs'] },
  { command: 'mount', packages: ['mount'] },
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
  const names = [
    'chromium',
    'chromium-browser',
    'google-chrome-stable',
    'google-chrome',
    'microsoft-edge',
  ];
  return process.env['TABKEEP_CHROMIUM'] || onPath(names)[0] || downloadedChromium();
}

/**
 * The Firefox to use: `TABKEEP_FIREFOX`, else the first on PATH. Not the one that Playwright downloads: that is a patched
 * build, and this is about the one that people have.
 *
 * @returns {string | undefined} full path; undefined when there is none
 */
export function findFirefox() {
  return process.env['TABKEEP_FIREFOX'] || onPath(['firefox-esr', 'firefox'])[0];
}

/** @type {{ path: string | undefined } | undefined} */
let foundWebKit;

/**
 * The python3 that can show pages in WebKitGTK: `TABKEEP_WEBKIT`, else the system's own, to which distributions add the
 * binding, else the first on PATH that has it.
 *
 * @returns {string | undefined} full path; undefined when there is none, or no Xvfb to show them on
 */
export function findWebKit() {
  const chosen = process.env['TABKEEP_WEBKIT'];
  if (chosen) return chosen;
  const check = 'import gi; gi.require_version("Gtk", "3.0"); gi.require_version("WebKit2", "4.1")';
  foundWebKit ??= {
    path:
      onPath(['Xvfb'])[0] &&
      ['/usr/bin/python3', ...onPath(['python3'])].find(
        (path) => isExecutable(path) && run(path, ['-c', check], 1, 'ignore'),
      ),
  };
  return foundWebKit.path;
}

/**
 * Why an engine cannot be had here, for those who run the tests on a machine of their own. Where it can be installed, and in
 * CI, it must be there: then there is no excuse, and a test without it fails.
 *
 * @param {EngineName} name
 * @returns {string | undefined} undefined when it is there, or must be
 */
export function excuseFor(name) {
  const { title, advice, find } = sources[name];
  if (name === 'chromium' || process.env['CI'] || isRootOnDebian() || find()) return undefined;
  return `No ${title} on this machine. ${advice}`;
}

/**
 * Installs what is missing and can be installed.
 *
 * @returns {Record<EngineName, string | undefined>} full paths
 */
function ensureBrowsers() {
  const missing = [
    ...Object.values(sources).filter(({ find }) => !find()),
    ...tools.filter(({ command }) => onPath([command]).length === 0),
  ];
  // One call for all: each takes its time to read the lists.
  if (missing.length > 0 && isRootOnDebian()) {
    installWithApt(missing.flatMap(({ packages }) => packages));
    foundWebKit = undefined;
  }
  if (!findChromium()) installWithPlaywright();
  return { chromium: findChromium(), firefox: findFirefox(), webkit: findWebKit() };
}

function downloadedChromium() {
  // Loaded only here: most find their browser on PATH, and Playwright takes longer to load than that search.
  const path = require('playwright').chromium.executablePath();
  return isExecutable(path) ? path : undefined;
}

/** @param {readonly string[]} names @returns {string[]} full paths, in the order of the names */
function onPath(names) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).filter(isExecutable);
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
    // Not its derivatives: Ubuntu's chromium and firefox packages are stubs for snaps, which a container cannot run.
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** @param {string[]} packages */
function installWithApt(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', ...packages];
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
 * @param {2 | 'ignore'} output where its output goes: to stderr, since stdout is kept for the paths, or nowhere
 */
function run(command, args, limit, output, env = process.env) {
  const timeout = limit * minutes;
  const { status } = spawnSync(command, args, { stdio: ['ignore', output, output], timeout, env });
  return status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = ensureBrowsers();
  for (const name of /** @type {EngineName[]} */ (Object.keys(found))) {
    const { title, variable, advice } = sources[name];
    const path = found[name];
    const excuse = excuseFor(name);
    if (path && run(path, ['--version'], 1, 'ignore')) {
      console.log(`${title}: ${path}`);
    } else if (excuse !== undefined) {
      console.log(`${excuse} Its tests are skipped.`);
    } else {
      const what = path
        ? `${path} does not start`
        : `No ${title} found, and none could be installed`;
      console.error(`${what}. ${process.env[variable] ? `See to ${variable}.` : advice}`);
      process.exitCode = 1;
    }
  }
}
