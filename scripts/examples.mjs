// The examples of README, docs and docstrings are tests: each becomes a test file in test/examples, compiled by `npm run
// types` and run with the others. `node scripts/examples.mjs` writes them; so does every start of vitest.
//
// - A block that begins with an import starts a new file; one that does not, or that has `<!-- continues -->` above it,
//   goes on where the block before it ended.
// - `console.log(value); // expected` claims an outcome: it must be reached, and equal to what the comment says.
// - An example that needs what only a browser has runs in one.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { root } from './entries.mjs';

/**
 * @typedef {object} Block
 * @property {number} line of the fence, from 1
 * @property {boolean} continues says so
 * @property {string[]} code
 *
 * @typedef {object} Example
 * @property {string} name of the file to write
 * @property {string} text
 */

const target = 'test/examples/';

/** What is no example: commands, and output to look at. */
const notRun = ['sh', 'text'];

const onlyInBrowsers =
  /^import (?!type).* from 'tabkeep(?:\/stores\/(?:indexeddb|local-storage|localforage))?'|^\} from 'tabkeep'|\b(?:document|navigator|sessionStorage|window)\./m;

/** Brings test/examples up to date, and leaves alone what already is: vitest may be watching. */
export function writeExamples() {
  const folder = root + target;
  mkdirSync(folder, { recursive: true });
  const examples = allExamples();
  const names = new Set(examples.map(({ name }) => name));
  for (const name of readdirSync(folder)) if (!names.has(name)) rmSync(folder + name);
  for (const { name, text } of examples) {
    if (contentOf(folder + name) !== text) writeFileSync(folder + name, text);
  }
  return examples.length;
}

/** @returns {Example[]} those of every document */
export function allExamples() {
  return documents().flatMap(examplesOf);
}

/**
 * A document with a mistake becomes a test that fails, and keeps nobody from running the others.
 *
 * @param {string} file
 */
function examplesOf(file) {
  try {
    return examplesIn(file, readFileSync(root + file, 'utf8'));
  } catch (error) {
    const name = `${file.replaceAll('/', '.')}.test.ts`;
    return [{ name, text: `throw new Error(${JSON.stringify(String(error))});\nexport {};\n` }];
  }
}

/** @returns {string[]} every file that may hold examples, as a path below the root */
function documents() {
  const inFolder = (/** @type {string} */ folder, /** @type {RegExp} */ wanted) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
      .filter((path) => wanted.test(path))
      .sort();
  return ['README.md', ...inFolder('docs', /\.md$/), ...inFolder('src', /(?<!\.test)\.ts$/)];
}

/**
 * The test files that one document makes.
 *
 * @param {string} file its path below the root
 * @param {string} text
 * @returns {Example[]}
 */
export function examplesIn(file, text) {
  const isSource = file.endsWith('.ts');
  /** @type {Block[][]} */
  const modules = [];
  for (const block of blocksIn(file, isSource ? docstringsOf(text) : text)) {
    const starts = !block.continues && block.code[0]?.startsWith('import ');
    // A docstring is read alone, so its example must be whole.
    if (!starts && (isSource || modules.length === 0)) {
      throw new Error(`${file}:${block.line}: an example begins with an import`);
    }
    if (starts) modules.push([block]);
    else modules.at(-1)?.push(block);
  }
  return modules.map((blocks) => moduleOf(file, blocks));
}

/**
 * The fenced blocks of a Markdown text that are to run.
 *
 * @param {string} file
 * @param {string} text
 * @returns {Block[]}
 */
function blocksIn(file, text) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {Block | undefined} */
  let open;
  const lines = text.split('\n');
  lines.forEach((content, index) => {
    const line = index + 1;
    const language = /^\s*```(.*)$/.exec(content)?.[1];
    if (language === undefined) {
      open?.code.push(content);
    } else if (open !== undefined) {
      open = undefined;
    } else {
      const above = lines.slice(0, index).findLast((each) => each.trim() !== '');
      open = { line, continues: above === '<!-- continues -->', code: [] };
      if (language === 'ts') blocks.push(open);
      else if (!notRun.includes(language)) {
        throw new Error(`${file}:${line}: a block is ts and runs, or one of: ${notRun.join(', ')}`);
      }
    }
  });
  if (open !== undefined) throw new Error(`${file}:${open.line}: the block has no end`);
  return blocks;
}

/**
 * The docstrings of a source as Markdown, all else blank, so that every line keeps its number.
 *
 * @param {string} source
 */
function docstringsOf(source) {
  let inside = false;
  return source
    .split('\n')
    .map((line) => {
      if (/^\s*\/\*\*/.test(line)) inside = true;
      const text = inside ? line.replace(/^\s*\*? ?/, '') : '';
      if (line.includes('*/')) inside = false;
      return text;
    })
    .join('\n');
}

/**
 * @param {string} file
 * @param {Block[]} blocks
 * @returns {Example}
 */
function moduleOf(file, blocks) {
  const place = `${file}:${blocks[0]?.line}`;
  /** @type {string[]} */
  const claims = [];
  const code = blocks.flatMap((block) =>
    block.code.map((content, index) => {
      if (!content.includes('console.log(')) return content;
      const here = `${file}:${block.line + index + 1}`;
      claims.push(here);
      return claimOf(here, content);
    }),
  );
  const text = [
    `// Made from ${place} by scripts/examples.mjs: change it there.`,
    `import { claim, testExample } from '../claims.js';`,
    ...code,
    `testExample(${JSON.stringify(place)}, ${JSON.stringify(claims)});`,
    '',
  ].join('\n');
  const kind = onlyInBrowsers.test(text) ? 'browser.test' : 'test';
  return { name: `${file.replaceAll('/', '.')}.${blocks[0]?.line}.${kind}.ts`, text };
}

/**
 * @param {string} place
 * @param {string} line with a `console.log(value); // expected`
 */
function claimOf(place, line) {
  const expected = /\bconsole\.log\(.*\).* \/\/ (.+)$/.exec(line)?.[1];
  if (expected === undefined) {
    throw new Error(`${place}: say what is logged, as in console.log(1 + 1); // 2`);
  }
  return line.replace('console.log', () => `claim(${JSON.stringify(place)}, [${expected}])`);
}

/** @param {string} file */
function contentOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(`${writeExamples()} examples written to ${target}`);
}
