// Has everything that an entry exports a docstring? A user's editor shows nothing else.

import { relative } from 'node:path';
// The compiler proper has no API for this; its elder has.
import ts from 'typescript-6';
import { entries, root } from './entries.mjs';

const sources = entries.map(({ source }) => root + source);
const options = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  noEmit: true,
};
const program = ts.createProgram(sources, options);
const checker = program.getTypeChecker();

const exported = new Set(sources.flatMap(exportsOf));
const problems = [...exported]
  .filter((symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker)) === '')
  .map((symbol) => `${placeOf(symbol)} ${symbol.name} has no docstring`);

for (const problem of problems.sort()) console.error(problem);
console.log(`${exported.size} exports checked, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

/** @param {string} source */
function exportsOf(source) {
  const file = program.getSourceFile(source);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${source} exports nothing`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    );
}

/** @param {ts.Symbol} symbol */
function placeOf(symbol) {
  const node = symbol.declarations?.[0];
  if (node === undefined) return '';
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${relative(root, file.fileName)}:${line + 1}`;
}
