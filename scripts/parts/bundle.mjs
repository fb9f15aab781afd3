// Makes one file of those that are loaded with the package, and one of those that are loaded with the first cache: to
// find, read and compile each file by itself takes longer than all the rest. docs/decisions/bundle.md has the rule.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

import typescript from 'typescript';

/** The files that become one, by the file that loads them: in the order in which they are loaded. */
const BUNDLES = [
  { name: 'bundle.js', root: 'index.js' },
  { name: 'caches.js', root: 'lib/make-cache.js' },
];

/**
 * A `require` that runs when its file is loaded is in a line that begins in the first column, or spread into an object;
 * others wait.
 */
const AT_ONCE = /^(?:(?:const .*|\} )= | {2}\.\.\.|void )require\('(\.[^']+)'\)/gm;
const ANY = /require\('(\.[^']+)'\)/g;

/** The files that a file requires, by that pattern. */
function required(file, pattern) {
  const found = readFileSync(file, 'utf8').matchAll(pattern);
  return [...found].map(([, path]) => resolve(dirname(file), path));
}

/** A file and those that are loaded with it, each after those that it requires; without those that are there already. */
function loadedAtOnce(entry, there) {
  const files = new Set();
  const follow = (file, path) => {
    if (path.includes(file)) throw new Error(`${file} requires itself, by way of others`);
    if (files.has(file) || there.has(file)) return;
    for (const next of required(file, AT_ONCE)) follow(next, [...path, file]);
    files.add(file);
  };
  follow(entry, []);
  return files;
}

const filesOf = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path));

/** How `require` finds a file from a folder. */
const pathFrom = (folder, file) => {
  const path = relative(folder, file).split(sep).join('/');
  return path.startsWith('.') ? path : `./${path}`;
};

/** A text of JavaScript without its comments: they are a third of it, and take a tenth of the time to compile it. */
function withoutComments(text) {
  const { ScriptTarget, transpileModule } = typescript;
  const compilerOptions = { allowJs: true, removeComments: true, target: ScriptTarget.ES2022 };
  return transpileModule(text, { compilerOptions }).outputText;
}

/**
 * Bundlers that cannot take an addon show the line that asks for it, esbuild no more than 68 columns of it: room for
 * the two ways out, which README.md explains.
 */
const withAdvice = (text) =>
  text.replace(/^ *it = (require\('lazy-layers-cache-[^']+'\));$/gm, 'it=$1//external, .node=copy');

/** Which bundle each file is in: its number. */
function bundlesOf(folder) {
  const bundled = new Map();
  for (const [number, { root }] of BUNDLES.entries()) {
    for (const file of loadedAtOnce(join(folder, root), bundled)) bundled.set(file, number);
  }
  return bundled;
}

/** The text of a bundle: each of its files as it is, in a function that is called at once. */
function textOf(number, bundled, lib) {
  const nameOf = (file) => pathFrom(lib, file);
  const found = (file) => {
    const place = bundled.get(file);
    if (place === undefined) return `require('${nameOf(file)}')`;
    // What an earlier bundle has is there; a later one is loaded for it.
    return `${place > number ? `require('./${BUNDLES[place].name}')` : 'modules'}['${nameOf(file)}']`;
  };
  const files = [...bundled.keys()].filter((file) => bundled.get(file) === number);
  const modules = files.map((file) => {
    const text = readFileSync(file, 'utf8').replaceAll(ANY, (_whole, path) => found(resolve(dirname(file), path)));
    // In parentheses: a function that is called at once is compiled at once, not twice.
    return `// ${nameOf(file)}\n(function (module) {\n${text}\nmodules['${nameOf(file)}'] = module.exports;\n})({ exports: {} });\n`;
  });
  const known = number === 0 ? '{}' : `require('./${BUNDLES[0].name}')`;
  return `'use strict';\n\nconst modules = ${known};\nmodule.exports = modules;\n\n${modules.join('\n')}`;
}

/**
 * Puts the files that `index.js` of a package in `folder` loads at once into `lib/bundle.js`, those that the first
 * cache loads beyond them into `lib/caches.js`, and replaces both by lines that find them there. Files that are loaded
 * later stay files, without their comments; for a bundled file they get the same object.
 */
export function bundle(folder) {
  const lib = join(folder, 'lib');
  // Other doors stay files: of OpenTelemetry, whose peer is seldom installed, and those that few processes open.
  const doors = [join(folder, 'index.js'), ...filesOf(join(folder, 'entry'), '.js')];
  const bundled = bundlesOf(folder);
  const texts = BUNDLES.map((_bundle, number) => textOf(number, bundled, lib));
  const later = [...filesOf(lib, '.js'), ...doors].filter((file) => !bundled.has(file));
  const wanted = new Set([...doors, ...later.flatMap((file) => required(file, ANY))]);
  for (const [file, number] of bundled) {
    const out = join(lib, BUNDLES[number].name);
    const found = `const { '${pathFrom(lib, file)}': found } = require('${pathFrom(dirname(file), out)}');`;
    // Two statements: of `module.exports = require(…)` Node.js would read the whole bundle for names to export.
    // And said again for those that read the file alone: see "default" in index.js.
    const byDefault = doors.includes(file) ? 'module.exports.default = found;\n' : '';
    if (wanted.has(file)) writeFileSync(file, `'use strict';\n\n${found}\nmodule.exports = found;\n${byDefault}`);
    else rmSync(file);
  }
  const foreign = join(lib, 'serializer', 'msgpackr.js');
  for (const file of later) if (file !== foreign) writeFileSync(file, withoutComments(readFileSync(file, 'utf8')));
  for (const [number, { name }] of BUNDLES.entries()) {
    writeFileSync(join(lib, name), withAdvice(withoutComments(texts[number])));
  }
}
