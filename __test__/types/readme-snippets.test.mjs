import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { before, test } from 'node:test';
import ts from 'typescript';
import { AMBIENT, snippets } from './support/snippets.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const found = snippets();

/** Snippets are compiled as files that exist in memory only: `.mts`, or `.cjs` where they are JavaScript. */
const nameOf = ({ line, language }) => `${HERE}readme-line-${line}.${language === 'ts' ? 'mts' : 'cjs'}`;
const files = new Map([[`${HERE}ambient.d.ts`, AMBIENT], ...found.map((snippet) => [nameOf(snippet), snippet.code])]);

const options = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  types: ['node'],
  strict: true,
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

/** What the compiler says of a file, with the lines of README. */
function complaints(name, firstLine) {
  const about = diagnostics.filter(({ file }) => file?.fileName === name);
  return about.map(({ file, start, messageText }) => {
    const { line } = file.getLineAndCharacterOfPosition(start);
    return `README.md:${firstLine + line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

test('README has snippets', () => {
  assert.ok(found.length >= 15, String(found.length));
});

for (const snippet of found) {
  test(`the snippet of "${snippet.heading}", line ${snippet.line}, compiles`, () => {
    assert.deepEqual(complaints(nameOf(snippet), snippet.line), []);
  });
}

test('nothing else is wrong with the program of the snippets', () => {
  const elsewhere = diagnostics.filter(({ file }) => !found.some((snippet) => nameOf(snippet) === file?.fileName));
  assert.deepEqual(
    elsewhere.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    [],
  );
});
