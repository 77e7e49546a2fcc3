import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sessionErrorCodes, type Backend, type Capabilities } from 'tabkeep/core';
import { indexedDBBackend } from 'tabkeep/stores/indexeddb';
import { localStorageBackend } from 'tabkeep/stores/local-storage';
import { localForageBackend, type LocalForageInstance } from 'tabkeep/stores/localforage';
import { memoryBackend } from 'tabkeep/stores/memory';
import { conformance, simulateOrigin } from 'tabkeep/testing';
import { describe, expect, test } from 'vitest';
import { manifest, root } from '../scripts/entries.mjs';
import { contextWith } from './context.js';
import { anchorsOf, documents, tableOf, textOf } from './markdown.js';

const ruleNames = Array.from({ length: 16 }, (_, i) => `R${i + 1}`);

describe('README', () => {
  test('lists the error codes, all of them, in their order', () => {
    const codes = tableOf('README.md', 'Code').map(({ Code }) => Code);
    expect(codes).toEqual(sessionErrorCodes.map((code) => `\`${code}\``));
  });

  test('lists the entries, all of them', () => {
    const listed = tableOf('README.md', 'Entry').map(({ Entry }) => Entry);
    const exported = Object.keys(manifest.exports).filter((path) => path !== './package.json');
    expect(listed).toEqual(exported.map((path) => `\`tabkeep${path.slice(1)}\``));
  });

  test('names no version of Node but the one in package.json', () => {
    const [named] = /Node ([\d.]+) or later/.exec(textOf('README.md'))?.slice(1) ?? [];
    expect(`>=${named}`).toBe(manifest.engines.node);
  });
});

describe('docs/rules.md', () => {
  test('has every rule, in the table and as a chapter', () => {
    const listed = tableOf('docs/rules.md', 'Rule').map(({ Rule }) => Rule);
    expect(listed).toEqual(ruleNames.map((name) => `[${name}](#${name.toLowerCase()})`));
    const chapters = anchorsOf('docs/rules.md').slice(1);
    expect(chapters).toEqual(ruleNames.map((name) => `#${name.toLowerCase()}`));
  });

  test.each(ruleNames)('%s has tests that carry its number', (name) => {
    const title = new RegExp(`['"\`](?:R\\d+ )*${name}[ :]`);
    const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\.test\.ts$|testing.cases./.test(path),
    );
    const proving = files.filter((path) => title.test(readFileSync(`${root}src/${path}`, 'utf8')));
    expect(proving).not.toEqual([]);
  });
});

describe('what is said of backends', () => {
  const locks = {} as LockManager;
  const forage = (driver: string, withLocks: LockManager | null) => {
    const instance = { driver: () => driver } as LocalForageInstance;
    return localForageBackend(instance, { locks: withLocks });
  };
  /** In every surrounding that makes a difference. */
  const backends: [name: string, variants: Backend[]][] = [
    ['indexedDBBackend()', [indexedDBBackend()]],
    ["indexedDBBackend({ durability: 'strict' })", [indexedDBBackend({ durability: 'strict' })]],
    [
      'localStorageBackend()',
      [localStorageBackend({ locks }), localStorageBackend({ locks: null })],
    ],
    [
      'localForageBackend(instance)',
      [forage('asyncStorage', locks), forage('localStorageWrapper', null)],
    ],
    ['memoryBackend()', [memoryBackend()]],
  ];

  test.each(backends)('docs/backends.md: %s', (name, variants) => {
    const said = rowOf('docs/backends.md', name);
    const are = variants.map(({ capabilities }) =>
      Object.fromEntries(
        Object.entries(capabilities).map(([key, value]) => [`\`${key}\``, `\`${quoted(value)}\``]),
      ),
    );
    expect(said).toEqual(inOneRow(are));
  });

  test('memory is shared where the store has a sync and there are Web Locks', async () => {
    const origin = simulateOrigin();
    const backend = memoryBackend({ locks: origin.openTab().locks });
    const peers = {
      openChannel: () => ({ post: async () => {}, close: async () => {} }),
      onChanges: () => () => {},
      onResync: () => () => {},
    };
    await backend.open(contextWith({ peers }));
    const { capabilities } = backend;
    await backend.close();
    const name = 'the same, open with a `sync` and Web Locks';
    const { Backend: _, ...inDocs } = rowNamed('docs/backends.md', name);
    expect(inDocs).toEqual(
      Object.fromEntries(
        Object.entries(capabilities).map(([key, value]) => [`\`${key}\``, `\`${quoted(value)}\``]),
      ),
    );
    const {
      'After a tab crash': _crash,
      'After a browser crash': _browser,
      'After a power cut': _power,
      ...said
    } = inPlainWords(capabilities);
    expect(rowNamed('README.md', name)).toMatchObject(said);
  });

  test.each(backends)('README.md: %s', (name, variants) => {
    const are = variants.map(({ capabilities }) => inPlainWords(capabilities));
    expect(rowOf('README.md', name)).toMatchObject(inOneRow(are));
  });
});

describe('what is said of the conformance kit', () => {
  test.each(['README.md', 'docs/backends.md'])('%s gives the number of its cases', (document) => {
    let cases = 0;
    const runner = {
      describe: (_: string, body: () => void) => body(),
      test: () => cases++,
      expect,
    };
    conformance(runner, () => ({ backend: memoryBackend, dispose() {} }));
    const said = [...textOf(document).matchAll(/(\d+) cases/g)].map(([, number]) => Number(number));
    expect(said).toEqual([cases]);
  });
});

describe('CHANGELOG.md', () => {
  test('begins with the version of package.json', () => {
    const [newest] =
      /^## \[(.+)\] - \d{4}-\d\d-\d\d$/m.exec(textOf('CHANGELOG.md'))?.slice(1) ?? [];
    expect(newest).toBe(manifest.version);
  });
});

describe.each(documents)('%s', (document) => {
  test('has no gaps left to fill', () => expect(textOf(document)).not.toMatch(/@@|TODO|TBD/));

  test('links lead somewhere', () => {
    const links = [...textOf(document).matchAll(/\]\((?!https?:)([^)#]*)(#[^)]*)?\)/g)];
    const dead = links.filter(([, path, anchor]) => {
      const target = path ? join(dirname(document), path) : document;
      if (!existsSync(root + target)) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(dead.map(([link]) => link)).toEqual([]);
  });
});

function rowOf(document: string, name: string): Record<string, string> {
  const { Backend: _, ...cells } = rowNamed(document, `\`${name}\``);
  return cells;
}

function rowNamed(document: string, name: string): Record<string, string> {
  return tableOf(document, 'Backend').find(({ Backend }) => Backend === name) ?? {};
}

/** What holds in every surrounding as it is; else what it depends on. */
function inOneRow(variants: readonly Record<string, string>[]): Record<string, string> {
  const [first = {}] = variants;
  return Object.fromEntries(
    Object.entries(first).map(([column, cell]) => {
      const isSame = variants.every((each) => each[column] === cell);
      const reason = /atomic/i.test(column) ? 'with Web Locks' : 'as its driver';
      return [column, isSame ? cell : reason];
    }),
  );
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** Capabilities as the first screen of the README says them. */
function inPlainWords({
  shared,
  atomic,
  persistent,
  durability,
}: Capabilities): Record<string, string> {
  const gone = 'gone';
  const allThere = 'all there';
  const lastMinute = 'the last minute may be gone';
  const left = {
    none: [gone, gone, gone],
    eventual: [allThere, lastMinute, lastMinute],
    relaxed: [allThere, allThere, 'the last commits may be gone'],
    strict: [allThere, allThere, allThere],
  }[durability];
  return {
    Persistent: persistent ? 'yes' : 'no',
    'Shared with': shared === 'tab' ? 'nobody' : 'every tab',
    'Atomic between tabs': shared === 'tab' ? 'one tab only' : atomic ? 'yes' : 'no',
    'After a tab crash': left[0]!,
    'After a browser crash': left[1]!,
    'After a power cut': left[2]!,
  };
}
