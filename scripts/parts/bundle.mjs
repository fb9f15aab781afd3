// One file of those that are loaded with the package: finding, reading and compiling each by itself takes most of an import.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const BUNDLE = 'bundle.js';

/** A `require` that runs when its file is loaded is in a line that begins in the first column; others wait in a function. */
const AT_ONCE = /^(?:const .*|\} )= require\('(\.[^']+)'\)/gm;
const ANY = /require\('(\.[^']+)'\)/g;

/** The files that a file requires, by that pattern. */
function required(file, pattern) {
  const found = readFileSync(file, 'utf8').matchAll(pattern);
  return [...found].map(([, path]) => resolve(dirname(file), path));
}

/** The files of `lib` that are loaded with the entries, each after those that it requires. */
function loadedAtOnce(entries, lib) {
  const files = new Set();
  const follow = (file, path) => {
    for (const next of required(file, AT_ONCE)) {
      if (path.includes(next)) throw new Error(`${relative(lib, next)} requires itself, by way of others`);
      if (!next.startsWith(lib + sep) || files.has(next)) continue;
      follow(next, [...path, next]);
      files.add(next);
    }
  };
  for (const entry of entries) follow(entry, []);
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

/** The text of a file whose `require` of a bundled file is replaced by what `found` says, and of others found from `folder`. */
function rewritten(file, bundled, folder, found) {
  return readFileSync(file, 'utf8').replaceAll(ANY, (_whole, path) => {
    const wanted = resolve(dirname(file), path);
    return bundled.has(wanted) ? found(wanted) : `require('${pathFrom(folder, wanted)}')`;
  });
}

/**
 * Puts the files that a package in `folder` loads at once into `lib/bundle.js`. Its entries ask that for them. What is loaded later
 * stays as it is, and finds those it needs of them as the same objects.
 */
export function bundle(folder) {
  const lib = join(folder, 'lib');
  const out = join(lib, BUNDLE);
  const entries = filesOf(join(folder, 'entry'), '.js');
  const bundled = loadedAtOnce(entries, lib);
  const nameOf = (file) => pathFrom(lib, file);
  // In parentheses: a function that is called at once is compiled at once, not twice.
  const modules = [...bundled].map((file) => {
    const text = rewritten(file, bundled, lib, (wanted) => `modules['${nameOf(wanted)}']`);
    return `// ${nameOf(file)}\n(function (module) {\n${text}\nmodules['${nameOf(file)}'] = module.exports;\n})({ exports: {} });\n`;
  });
  const later = filesOf(lib, '.js').filter((file) => !bundled.has(file));
  const wanted = new Set(later.flatMap((file) => required(file, ANY)));
  const fromBundle = (at, file) => `require('${pathFrom(dirname(at), out)}')['${nameOf(file)}']`;
  for (const entry of entries) writeFileSync(entry, rewritten(entry, bundled, dirname(entry), (file) => fromBundle(entry, file)));
  for (const file of bundled) {
    if (wanted.has(file)) writeFileSync(file, `'use strict';\n\nmodule.exports = ${fromBundle(file, file)};\n`);
    else rmSync(file);
  }
  writeFileSync(out, `'use strict';\n\nconst modules = {};\nmodule.exports = modules;\n\n${modules.join('\n')}`);
}
