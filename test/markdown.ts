/** Reads what the documentation says, so that tests can hold it against the code. */

import { readdirSync, readFileSync } from 'node:fs';
import { root } from '../scripts/entries.mjs';

export const documents: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(`${root}docs`).map((name) => `docs/${name}`),
];

export function textOf(document: string): string {
  return readFileSync(root + document, 'utf8');
}

/** The rows of the first table whose head begins with `first`, as records by the words of the head. */
export function tableOf(document: string, first: string): Record<string, string>[] {
  const lines = textOf(document).split('\n');
  const start = lines.findIndex((line) => cellsOf(line)[0] === first);
  if (start < 0) throw new Error(`${document} has no table with the column "${first}"`);
  const head = cellsOf(lines[start]!);
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'));
  return lines
    .slice(start + 2, length < 0 ? undefined : start + length)
    .map((line) => Object.fromEntries(cellsOf(line).map((cell, i) => [head[i] ?? '', cell])));
}

/** Headings as a link names them: `## Write your own` is `#write-your-own`. */
export function anchorsOf(document: string): string[] {
  return [...textOf(document).matchAll(/^#+ (.+)$/gm)].map(
    ([, heading = '']) =>
      `#${heading
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-')}`,
  );
}

function cellsOf(line: string): string[] {
  if (!line.startsWith('|')) return [];
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll(/<!--.*?-->/g, '').trim());
}
