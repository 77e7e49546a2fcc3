// The public subpaths, read from `exports` in package.json: the one list that build, aliases and checks share.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Full path of the repository, with a closing slash. */
export const root = fileURLToPath(new URL('../', import.meta.url));

/** package.json, parsed. */
export const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/**
 * @typedef {object} Entry
 * @property {string} specifier what a user imports, such as `tabkeep/stores/memory`
 * @property {string} name path without its ending, the same below `src` and `dist`, such as `stores/memory`
 * @property {string} source such as `src/stores/memory.ts`
 * @property {string} code such as `dist/stores/memory.js`
 * @property {string} types such as `dist/stores/memory.d.ts`
 */

/** @type {Entry[]} */
export const entries = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([subpath, target]) => {
    const name = /^\.\/dist\/(.+)\.js$/.exec(target.default)?.[1];
    if (!name) throw new Error(`exports["${subpath}"] does not lead to ./dist/*.js`);
    return {
      specifier: manifest.name + subpath.slice(1),
      name,
      source: `src/${name}.ts`,
      code: `dist/${name}.js`,
      types: `dist/${name}.d.ts`,
    };
  });

/** For Vite's `resolve.alias`: demo, tests and test pages import the library by its public names, from source. */
export const aliases = entries.map(({ specifier, source }) => ({
  find: new RegExp(`^${specifier}$`),
  replacement: root + source,
}));

/** Packages that the published code may import. */
export const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
