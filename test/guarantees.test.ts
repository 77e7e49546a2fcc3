// Each cell of the README's table of guarantees stands for tests that exist, by file and by name.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { root } from '../scripts/entries.mjs';
import { tableOf } from './markdown.js';

/** What Playwright would run. */
interface Suite {
  readonly file: string;
  readonly title: string;
  readonly suites?: readonly Suite[];
  readonly specs?: readonly {
    readonly title: string;
    readonly tests: readonly { readonly projectName: string }[];
  }[];
}

interface Listed {
  readonly engine: string;
  /** File, groups and title. */
  readonly name: string;
}

/** How tests name the backends of a column: all of these names must be there. */
const columns = {
  IndexedDB: ['indexeddb'],
  localStorage: ['local-storage'],
  localForage: ['localforage over indexeddb', 'localforage over local-storage'],
  'Memory that tabs share': ['memory'],
};

/** As the places of the kit are called. */
const kitNames: Record<keyof typeof columns, readonly string[]> = {
  IndexedDB: ['IndexedDB'],
  localStorage: ['localStorage'],
  localForage: ['localForage on IndexedDB', 'localForage on localStorage'],
  'Memory that tabs share': ['memory that tabs share'],
};

type Column = keyof typeof columns;

const letters: Record<string, string> = { chromium: 'C', firefox: 'F', webkit: 'W' };

const listed = [...playwrightTests(), ...kitInChromium()];

const rows = tableOf('README.md', 'Guarantee');

test('the table of guarantees has rows', () => expect(rows.length).toBeGreaterThan(8));

test.each(rows.map((row) => [row['Guarantee']!, row] as const))('%s', (guarantee, row) => {
  const proofs = [...(row['Tests'] ?? '').matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(
    ([, title = '', file = '']) => ({ title, file: file.replace(/^e2e\//, '') }),
  );
  expect(proofs, `${guarantee} names its tests`).not.toEqual([]);
  for (const column of Object.keys(columns) as Column[]) {
    const found = Object.keys(letters).filter((engine) =>
      namesIn(guarantee, column).every((backend) =>
        proofs.some(({ title, file }) => isListed(engine, file, title, backend)),
      ),
    );
    const said = row[column]?.replace('—', '').split(' ').filter(Boolean);
    expect(said, `${guarantee}: ${column}`).toEqual(found.map((engine) => letters[engine]));
  }
});

function namesIn(guarantee: string, column: Column): readonly string[] {
  return guarantee.includes('rule') ? kitNames[column] : columns[column];
}

/** A title stands for the tests whose names hold its words, and the name of the backend, or of none at all. */
function isListed(engine: string, file: string, title: string, backend: string): boolean {
  return listed.some(({ engine: where, name }) => {
    const isHere = where === engine && name.startsWith(file) && name.includes(title);
    const isOwnFile = file.startsWith(`${backend === 'memory' ? 'shared-memory' : backend}.`);
    const words = name.slice(file.length);
    return isHere && (isOwnFile || (words.includes(backend) && !isOther(words, backend)));
  });
}

/** `localforage over indexeddb` is not `indexeddb`, and the kit has places that hold another one's name. */
function isOther(words: string, backend: string): boolean {
  const others = ['localforage over ', 'localForage on ', 'fallback to '];
  return others.some((before) => words.includes(before + backend));
}

function playwrightTests(): Listed[] {
  const cli = `${root}node_modules/playwright/cli.js`;
  const args = ['test', '--list', '--reporter=json', '--config', 'e2e/playwright.config.ts'];
  const report = execFileSync(process.execPath, [cli, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    // Else Playwright takes itself for a worker of vitest.
    env: { ...process.env, VITEST: undefined },
  });
  const { suites } = JSON.parse(report) as { suites: Suite[] };
  return suites.flatMap((suite) => testsIn(suite, []));
}

function testsIn({ title, suites = [], specs = [] }: Suite, above: readonly string[]): Listed[] {
  const path = [...above, title];
  const here = specs.flatMap((spec) =>
    spec.tests.map(({ projectName }) => ({
      engine: projectName,
      name: [...path, spec.title].join(' › '),
    })),
  );
  return [...here, ...suites.flatMap((suite) => testsIn(suite, path))];
}

/** In Chromium the kit runs with the unit tests, under the same names. */
function kitInChromium(): Listed[] {
  const source = readFileSync(`${root}src/stores/conformance.browser.test.ts`, 'utf8');
  return [...source.matchAll(/(?:title: |\[)'([^']+)'/g)].map(([, place = '']) => ({
    engine: 'chromium',
    name: `kit.spec.ts › the kit over ${place}: cases`,
  }));
}
