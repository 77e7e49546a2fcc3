// Does the README state the sizes that were measured? Run after the build, by `npm run size`.
// A figure with its name beside it, as in `4.6 kB<!-- tabkeep/core -->`, is checked; `--write` corrects it.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './entries.mjs';

const readme = `${root}README.md`;
const figure = /[\d.]+ kB<!-- (.+?) -->/g;

const sizes = measure();
const text = readFileSync(readme, 'utf8');
const named = new Set([...text.matchAll(figure)].map((match) => match[1] ?? ''));
const problems = [
  ...[...named]
    .filter((name) => !sizes.has(name))
    .map((name) => `README.md gives a size of "${name}", which .size-limit.js does not measure`),
  ...[...sizes.keys()]
    .filter((name) => !named.has(name))
    .map((name) => `README.md does not give the size of "${name}"`),
];
const corrected = text.replaceAll(figure, (stated, name) =>
  sizes.has(name) ? `${sizes.get(name)} kB<!-- ${name} -->` : stated,
);
if (process.argv.includes('--write')) {
  writeFileSync(readme, corrected);
} else if (corrected !== text) {
  problems.push(
    'README.md gives other sizes than measured: node scripts/readme-sizes.mjs --write && npx oxfmt README.md',
  );
}

for (const problem of problems) console.error(problem);
console.log(`${sizes.size} sizes checked, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

/** @returns {Map<string, string>} kB by the names of .size-limit.js, as the README gives them */
function measure() {
  const manifest = createRequire(import.meta.url).resolve('size-limit/package.json');
  const bin = join(manifest, '../bin.js');
  // It ends with 1 where a limit is exceeded: that is for the step before this one to tell.
  const { stdout } = spawnSync(process.execPath, [bin, '--json'], { cwd: root, encoding: 'utf8' });
  return new Map(
    JSON.parse(stdout).map((/** @type {{ name: string, size: number }} */ { name, size }) => [
      name,
      (size / 1000).toFixed(1),
    ]),
  );
}
