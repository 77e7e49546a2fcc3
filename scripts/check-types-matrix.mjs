// Do the packed declarations compile for users? Each entry, on each TypeScript that we promise, in both module modes,
// with the libraries checked too. Run after the build.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { declared, entries, root } from './entries.mjs';

const compilers = ['typescript-5.6', 'typescript-6', 'typescript'];
const modes = [
  { name: 'nodenext', options: ['--module', 'nodenext'] },
  { name: 'bundler', options: ['--module', 'esnext', '--moduleResolution', 'bundler'] },
];
const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
const common = ['--noEmit', '--skipLibCheck', 'false', '--target', 'es2022', '--lib', 'es2022,dom'];

const consumer = mkdtempSync(join(tmpdir(), 'tabkeep-types-'));
let failed = 0;
try {
  install(consumer);
  const uses = entries.map(
    ({ specifier }, i) => `import * as e${i} from '${specifier}';\nvoid e${i};\n`,
  );
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(consumer, 'main.ts'), uses.join(''));
  for (const compiler of compilers) {
    for (const { name, options } of modes) {
      const tsc = join(root, 'node_modules', compiler, 'bin/tsc');
      const args = [tsc, ...common, ...strict, ...options, 'main.ts'];
      const { status, stdout } = spawnSync(process.execPath, args, {
        cwd: consumer,
        encoding: 'utf8',
      });
      if (status !== 0) failed++;
      console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${compiler} ${name}`);
      if (status !== 0) console.log(stdout);
    }
  }
} finally {
  rmSync(consumer, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;

/**
 * Lays out node_modules as `npm install tabkeep` would, without asking a registry.
 *
 * @param {string} folder
 */
function install(folder) {
  const target = join(folder, 'node_modules/tabkeep');
  mkdirSync(target, { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8' }));
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', target, '--strip-components=1']);
  for (const name of declared) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link, 'junction');
  }
}
