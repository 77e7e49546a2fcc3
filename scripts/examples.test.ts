import { describe, expect, test } from 'vitest';
import { checkClaims, claim } from '../test/claims.js';
import { allExamples, examplesIn } from './examples.mjs';

const block = (...lines: string[]): string => ['```ts', ...lines, '```', ''].join('\n');

const importing = "import { openStore } from 'tabkeep/core';";

describe('what becomes an example', () => {
  test('a block that imports starts one, a block that does not goes on with it', () => {
    const text = block(importing, 'const a = 1;') + block('a;') + block(importing, 'const b = 2;');
    const examples = examplesIn('docs/x.md', text);
    expect(examples.map(({ name }) => name)).toEqual([
      'docs.x.md.1.test.ts',
      'docs.x.md.8.test.ts',
    ]);
    expect(examples[0]?.text).toMatch(/const a = 1;\na;\n/);
    expect(examples[0]?.text).not.toContain('const b');
  });

  test('a block that says so goes on, though it imports', () => {
    const text = `${block(importing)}\n<!-- continues -->\n\n${block("import 'tabkeep/sync';")}`;
    const [example, ...others] = examplesIn('docs/x.md', text);
    expect(others).toEqual([]);
    expect(example?.text).toContain(`${importing}\nimport 'tabkeep/sync';\n`);
  });

  test('in a source: what stands in its docstrings, with the line it has there', () => {
    const source = [
      'const notThis = "```ts";',
      '/**',
      ' * What it does.',
      ' * @example',
      ...block(importing, 'void openStore;')
        .trimEnd()
        .split('\n')
        .map((line) => ` * ${line}`),
      ' */',
      'export const x = 1;',
    ];
    const [example, ...others] = examplesIn('src/x.ts', source.join('\n'));
    expect(others).toEqual([]);
    expect(example?.name).toBe('src.x.ts.5.test.ts');
    expect(example?.text).toContain(`\n${importing}\nvoid openStore;\n`);
  });

  test.each([
    "import { openStore } from 'tabkeep';",
    "import { type Session, openStore } from 'tabkeep';",
    "import { indexedDBBackend } from 'tabkeep/stores/indexeddb';",
    "import { memoryBackend } from 'tabkeep/stores/memory';\ndocument.title = 'here';",
  ])('what only a browser has runs in one: %s', (code) => {
    expect(examplesIn('README.md', block(code))[0]?.name).toBe('README.md.1.browser.test.ts');
  });

  test.each([
    ["import type { Backend } from 'tabkeep';", 'types only'],
    ["import { memoryBackend } from 'tabkeep/stores/memory';", 'a backend for everywhere'],
  ])('the others run in Node: %s', (code) => {
    expect(examplesIn('README.md', block(code))[0]?.name).toBe('README.md.1.test.ts');
  });

  test('commands and output are left alone', () => {
    expect(examplesIn('README.md', '```sh\nnpm install\n```\n```text\nout\n```\n')).toEqual([]);
  });
});

test('no two examples that share the storage of a browser open a store of one name', () => {
  const opened = allExamples()
    .filter(({ name }) => name.endsWith('.browser.test.ts'))
    .flatMap(({ text }) => {
      const names = text.matchAll(/openStore[^;]*?\bname: '([^']+)'/g);
      return [...new Set(Array.from(names, ([, name]) => name))];
    });
  expect(opened.filter((name, index) => opened.indexOf(name) !== index)).toEqual([]);
});

describe('what is refused', () => {
  test.each([
    ['a first block without an import', 'README.md', block('a;'), /README\.md:1: .* import/],
    [
      'a docstring that is not whole',
      'src/x.ts',
      '/**\n```ts\na;\n```\n*/',
      /src\/x\.ts:2: .* import/,
    ],
    [
      'a block that would never run',
      'README.md',
      '```js\na;\n```\n',
      /README\.md:1: a block is ts/,
    ],
    [
      'a block without a language',
      'README.md',
      'Text\n```\na;\n```\n',
      /README\.md:2: a block is ts/,
    ],
    ['a block without an end', 'README.md', '```ts\na;\n', /README\.md:1: .* no end/],
    [
      'a log that does not say what is logged',
      'README.md',
      block(importing, 'console.log(1);'),
      /README\.md:3: say what/,
    ],
  ])('%s', (_, file, text, message) => {
    expect(() => examplesIn(file, text)).toThrow(message);
  });
});

describe('what an example claims', () => {
  test('is compared with what it logs, wherever it does', async () => {
    const right = [
      'console.log(1 + 1, "a"); // 2, "a"',
      'setTimeout(() => console.log({ late: [1] })); // { late: [1] }',
    ];
    await expect(run('right.md', ...right)).resolves.toBeUndefined();
  });

  test('fails the test where it is wrong', async () => {
    await expect(run('wrong.md', 'console.log(1 + 1); // 3')).rejects.toThrow('wrong.md:3');
  });

  test('fails the test where it is wrong only once', async () => {
    const twice = 'for (const n of [1, 2]) console.log(n); // 1';
    await expect(run('once.md', twice)).rejects.toThrow('once.md:3');
  });

  test('fails the test where it is never reached', async () => {
    const never = 'if (1 > 2) console.log(1); // 1';
    await expect(run('never.md', never)).rejects.toThrow('never reached');
  });
});

/** Runs an example as its test file would. */
async function run(file: string, ...lines: string[]): Promise<void> {
  const [example] = examplesIn(file, block("import 'nothing';", ...lines));
  const code = example?.text.replaceAll(/^import .*$/gm, '') ?? '';
  let places: readonly string[] = [];
  const testExample = (_: string, claimed: readonly string[]): void => {
    places = claimed;
  };
  // oxlint-disable-next-line no-implied-eval -- as the runner would load it
  new Function('claim', 'testExample', code)(claim, testExample);
  await checkClaims(places);
}
