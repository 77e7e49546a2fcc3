// Rules about files that no linter knows: length, and names that do not belong in a repository.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { root } from './entries.mjs';

const longest = 300;

const banned = [
  // A clone must install from whatever registry its npm is set to.
  { what: 'a package registry', pattern: /\bregistry\.[a-z0-9-]+\.[a-z]{2,}\b/i },
  {
    what: "a path of somebody's machine",
    pattern: /(?<![\w.~}])\/(?:work|root|home|Users|tmp)\/\w/,
  },
  { what: "a path of somebody's machine", pattern: /\b[A-Z]:\\Users\\/ },
];

const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' })
  .split('\0')
  // A file that was deleted, but not yet in the index, is still listed.
  .filter((file) => file && existsSync(root + file));

const problems = files.flatMap((file) => {
  const lines = readFileSync(root + file, 'utf8').split('\n');
  const found = lines.flatMap((line, index) =>
    banned
      .filter(({ pattern }) => pattern.test(line))
      .map(({ what }) => `${file}:${index + 1} names ${what}`),
  );
  const length = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  if (file.startsWith('src/') && length > longest) {
    found.push(`${file} has ${length} lines, more than ${longest}: split it`);
  }
  if (file === 'package-lock.json' && lines.some((line) => line.includes('"resolved": "http'))) {
    found.push(`${file} holds download addresses: run npm install with the .npmrc of this folder`);
  }
  return found;
});

for (const problem of problems) console.error(problem);
console.log(`${files.length} files checked, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
