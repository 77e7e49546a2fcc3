// `npm test`: the whole truth. Every step runs, even when one before it failed; the last line counts tests and gates.
// `npm test -- --only unit,e2e` runs the steps named.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { excuseFor } from './browsers.mjs';
import { manifest, root } from './entries.mjs';
import { countPlaywright, countVitest } from './test-counts.mjs';

/**
 * @typedef {object} Step
 * @property {string} name as given to `--only`
 * @property {string} [script] of package.json, so that `npm run lint` and this never differ; the name when left out
 * @property {string[]} [args] added to the script
 * @property {Record<string, string>} [env]
 * @property {() => import('./test-counts.mjs').Counts} [count] for a step that runs tests. Without it each command of the
 *   script is a gate, and counts as one
 */

/** Milliseconds after which a command that hangs is ended; the slowest takes a tenth of it. */
const limit = 15 * 60_000;

const reports = mkdtempSync(join(tmpdir(), 'tabkeep-test-'));
process.once('exit', () => rmSync(reports, { recursive: true, force: true }));

/** @type {Step[]} */
const steps = [
  { name: 'browsers' },
  { name: 'lint' },
  { name: 'format' },
  { name: 'types' },
  { name: 'dead' },
  // One run a project, so that neither can be empty unseen.
  vitest('unit', 'node'),
  vitest('browser', 'chromium'),
  { name: 'build' },
  { name: 'package' },
  { name: 'size' },
  playwright('e2e', 'chromium'),
  playwright('firefox', 'firefox'),
  playwright('webkit', 'webkit'),
];

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const chosen = values.only?.split(',') ?? steps.map(({ name }) => name);
const unknown = chosen.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  const known = steps.map(({ name }) => name).join(', ');
  console.error(`No step "${unknown.join(', ')}". There are: ${known}`);
  process.exit(2);
}

const table = [];
const total = { passed: 0, failed: 0 };
for (const step of steps.filter(({ name }) => chosen.includes(name))) {
  console.log(`\n=== ${step.name}`);
  const start = performance.now();
  const { passed, failed } = await outcome(step);
  const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  total.passed += passed;
  total.failed += failed;
  const verdict = failed > 0 ? 'FAILED' : 'ok';
  const what = `${passed} ${step.count ? 'tests' : 'gates'} passed, ${failed} failed`;
  const row = `${verdict.padEnd(6)} ${step.name.padEnd(9)} ${seconds.padStart(8)}   ${what}`;
  table.push(row);
  console.log(row);
}

console.log(`\n${table.join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

/**
 * @param {Step} step
 * @returns {Promise<import('./test-counts.mjs').Counts>}
 */
async function outcome({ name, script = name, args = [], env = {}, count }) {
  // What a build that fails leaves behind must not pass for its result.
  if (name === 'build') rmSync(`${root}dist`, { recursive: true, force: true });
  const gates = { passed: 0, failed: 0 };
  for (const command of manifest.scripts[script].split(' && ')) {
    const ended = await run([...command.split(' '), ...args], env);
    gates[ended ? 'passed' : 'failed']++;
  }
  if (!count) return gates;
  const tests = count();
  // A file that does not load has no test that fails, and a project without tests none that could.
  const hollow = gates.failed > 0 || tests.passed === 0;
  return hollow && tests.failed === 0 ? { ...tests, failed: 1 } : tests;
}

/**
 * @param {string[]} command
 * @param {Record<string, string>} extra environment
 * @returns {Promise<boolean>} whether it ended well
 */
function run([file = '', ...args], extra) {
  const PATH = `${root}node_modules/.bin${delimiter}${process.env['PATH']}`;
  return new Promise((resolve) => {
    // Without a shell between, the process that is ended below is the tool itself.
    const child = spawn(file, args, {
      cwd: root,
      env: { ...process.env, PATH, ...extra },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: limit,
      shell: process.platform === 'win32',
    });
    const stop = () => {
      child.kill();
      process.exit(1);
    };
    process.once('SIGTERM', stop);
    child.once('error', (error) => {
      console.error(error);
      resolve(false);
    });
    child.once('close', (code) => {
      process.off('SIGTERM', stop);
      resolve(code === 0);
    });
  });
}

/**
 * @param {string} name
 * @param {string} project of vite.config.ts
 * @returns {Step}
 */
function vitest(name, project) {
  const report = join(reports, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['--project', project, ...reporters];
  return { name, script: 'unit', args, count: () => countVitest(readReport(report)) };
}

/**
 * @param {string} name
 * @param {string} project of e2e/playwright.config.ts
 * @returns {Step}
 */
function playwright(name, project) {
  const report = join(reports, `${name}.json`);
  const args = ['--project', project, '--reporter=list,json'];
  const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report };
  return {
    name,
    script: 'e2e',
    args,
    env,
    count: () => countPlaywright(readReport(report), excuseFor),
  };
}

/**
 * @param {string} file
 * @returns {any} undefined when the runner ended before it wrote one
 */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
