import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { before, test } from 'node:test';
import ts from 'typescript';
import { snippets } from './support/snippets.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const found = snippets();

/** Snippets are compiled as files that exist in memory only: `.mts`, or `.cjs` where they are JavaScript. */
const nameOf = ({ page, line, language }) =>
  `${HERE}${page.replaceAll('/', '-')}-line-${line}.${language === 'ts' ? 'mts' : 'cjs'}`;
const files = new Map(found.map((snippet) => [nameOf(snippet), snippet.code]));

const options = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
};

function compile() {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, settings, ...rest) => {
    const text = files.get(name);
    return text === undefined ? getSourceFile(name, settings, ...rest) : ts.createSourceFile(name, text, settings);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program);
}

let diagnostics;

before(() => {
  diagnostics = compile();
});

/** The messages of the compiler about a snippet, with the lines of its page. */
function complaints(snippet) {
  const name = nameOf(snippet);
  const about = diagnostics.filter(({ file }) => file?.fileName === name);
  return about.map(({ file, start, messageText }) => {
    const { line } = file.getLineAndCharacterOfPosition(start);
    return `${snippet.page}:${snippet.line + line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

test('the README and its pages have snippets', () => {
  const inReadme = found.filter(({ page }) => page === 'README.md');
  assert.ok(inReadme.length >= 15, String(inReadme.length));
  assert.ok(found.length - inReadme.length >= 25, String(found.length));
});

for (const snippet of found) {
  test(`the snippet of ${snippet.page}, "${snippet.heading}", line ${snippet.line}, compiles`, () => {
    assert.deepEqual(complaints(snippet), []);
  });
}

test('nothing else is wrong with the program of the snippets', () => {
  const elsewhere = diagnostics.filter(({ file }) => !found.some((snippet) => nameOf(snippet) === file?.fileName));
  assert.deepEqual(
    elsewhere.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    [],
  );
});
