// Makes one file of those that are loaded with the package: to find, read and compile each file by itself takes most of
// an import.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

import typescript from 'typescript';

const BUNDLE = 'bundle.js';

/**
 * A `require` that runs when its file is loaded is in a line that begins in the first column, or spread into an object;
 * others wait.
 */
const AT_ONCE = /^(?:(?:const .*|\} )= | {2}\.\.\.)require\('(\.[^']+)'\)/gm;
const ANY = /require\('(\.[^']+)'\)/g;

/** The files that a file requires, by that pattern. */
function required(file, pattern) {
  const found = readFileSync(file, 'utf8').matchAll(pattern);
  return [...found].map(([, path]) => resolve(dirname(file), path));
}

/** A file and those that are loaded with it, each after those that it requires. */
function loadedAtOnce(entry) {
  const files = new Set();
  const follow = (file, path) => {
    if (path.includes(file)) throw new Error(`${file} requires itself, by way of others`);
    if (files.has(file)) return;
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

/**
 * Puts the files that `index.js` of a package in `folder` loads at once into `lib/bundle.js`, and replaces it by lines
 * that find it there. Files that are loaded later stay files, without their comments; for a bundled file they get the
 * same object.
 */
export function bundle(folder) {
  const lib = join(folder, 'lib');
  const out = join(lib, BUNDLE);
  // Other doors stay files: of OpenTelemetry, whose peer is seldom installed, and those that few processes open.
  const doors = [join(folder, 'index.js'), ...filesOf(join(folder, 'entry'), '.js')];
  const bundled = loadedAtOnce(doors[0]);
  const nameOf = (file) => pathFrom(lib, file);
  const modules = [...bundled].map((file) => {
    const text = readFileSync(file, 'utf8').replaceAll(ANY, (_whole, path) => {
      const wanted = resolve(dirname(file), path);
      return bundled.has(wanted) ? `modules['${nameOf(wanted)}']` : `require('${nameOf(wanted)}')`;
    });
    // In parentheses: a function that is called at once is compiled at once, not twice.
    return `// ${nameOf(file)}\n(function (module) {\n${text}\nmodules['${nameOf(file)}'] = module.exports;\n})({ exports: {} });\n`;
  });
  const later = [...filesOf(lib, '.js'), ...doors].filter((file) => !bundled.has(file));
  const wanted = new Set([...doors, ...later.flatMap((file) => required(file, ANY))]);
  for (const file of bundled) {
    const found = `const { '${nameOf(file)}': found } = require('${pathFrom(dirname(file), out)}');`;
    // Two statements: of `module.exports = require(…)` Node.js would read the whole bundle for names to export.
    // And said again for those that read the file alone: see "default" in index.js.
    const byDefault = doors.includes(file) ? 'module.exports.default = found;\n' : '';
    if (wanted.has(file)) writeFileSync(file, `'use strict';\n\n${found}\nmodule.exports = found;\n${byDefault}`);
    else rmSync(file);
  }
  const foreign = join(lib, 'serializer', 'msgpackr.js');
  for (const file of later) if (file !== foreign) writeFileSync(file, withoutComments(readFileSync(file, 'utf8')));
  const text = `'use strict';\n\nconst modules = {};\nmodule.exports = modules;\n\n${modules.join('\n')}`;
  writeFileSync(out, withAdvice(withoutComments(text)));
}
