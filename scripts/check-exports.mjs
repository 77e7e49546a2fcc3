// Does `dist` hold what package.json promises, and nothing that it does not? Run after the build.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { declared, entries, root } from './entries.mjs';
import budgets from '../.size-limit.js';

/** @type {PropertyKey[]} Set by @babel/runtime, which the Node build of broadcast-channel imports; browsers load another. */
const tolerated = ['regeneratorRuntime'];

/** @type {string[]} */
const problems = [];

for (const { specifier, code, types } of entries) {
  for (const file of [code, types]) {
    if (!existsSync(root + file)) problems.push(`${specifier}: ${file} is missing`);
  }
  if (!budgets.some(({ name }) => name === specifier)) {
    problems.push(`${specifier}: no size budget in .size-limit.js`);
  }
}

const { paths } = JSON.parse(
  uncommented(readFileSync(`${root}tsconfig.json`, 'utf8')),
).compilerOptions;
const wanted = Object.fromEntries(entries.map((entry) => [entry.specifier, [`./${entry.source}`]]));
if (JSON.stringify(paths) !== JSON.stringify(wanted)) {
  problems.push(`tsconfig.json: "paths" should be ${JSON.stringify(wanted, null, 2)}`);
}

if (problems.length === 0) {
  for (const { specifier, code } of entries) {
    const packages = importedPackages(code);
    const undeclared = packages.filter((name) => !declared.includes(name));
    if (undeclared.length > 0)
      problems.push(`${specifier} imports ${undeclared.join(', ')}, not declared`);
    if (specifier === 'tabkeep/core' && packages.length > 0) {
      problems.push(
        `${specifier} imports ${packages.join(', ')}: it may import nothing third-party`,
      );
    }
    problems.push(...(await importedWithEffects(specifier)));
  }
}

for (const problem of problems) console.error(problem);
console.log(`${entries.length} entries checked, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

/**
 * Packages that a built file imports, itself or through files of ours.
 *
 * @param {string} file
 * @returns {string[]}
 */
function importedPackages(file, seen = new Set()) {
  if (seen.has(file)) return [];
  seen.add(file);
  const code = readFileSync(root + file, 'utf8');
  // The build writes every import and re-export on one line, with double quotes.
  const specifiers = [
    ...code.matchAll(/^(?:import|export)\b.*?"([^"]+)";$|\bimport\("([^"]+)"\)/gm),
  ].map((match) => match[1] ?? match[2] ?? '');
  const packages = specifiers.flatMap((specifier) =>
    specifier.startsWith('.')
      ? importedPackages(join(dirname(file), specifier), seen)
      : [/^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier],
  );
  return [...new Set(packages)];
}

/**
 * Importing must work, and do nothing, where there is no page: on a server that renders, and in a worker.
 *
 * @param {string} specifier
 */
async function importedWithEffects(specifier) {
  const before = new Set(Reflect.ownKeys(globalThis));
  await import(specifier);
  return Reflect.ownKeys(globalThis)
    .filter((key) => !before.has(key) && !tolerated.includes(key))
    .map((key) => `importing ${specifier} adds the global ${String(key)}`);
}

/** @param {string} text */
function uncommented(text) {
  return text.replace(/^\s*\/\/.*$/gm, '');
}
