// Makes one file of those that are loaded with the package, one of those that are loaded with the first cache, and some
// of those that come later: to find, read and compile each file by itself takes longer than all the rest.
// docs/decisions/bundle.md has the rule.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

import { short } from './short.mjs';

/**
 * The files that become one, by those that load them. The first is loaded with the package, the second with the first
 * cache, and with each of the others.
 */
const BUNDLES = [
  { name: 'bundle.js', roots: ['index.js'] },
  { name: 'caches.js', roots: ['lib/make-cache.js'] },
  { name: 'redis-stores.js', roots: ['lib/redis/backend.js', 'lib/redis/layer.js', 'lib/request.js'] },
  { name: 'dashboards.js', roots: ['lib/observability/attach.js', 'lib/observability/server.js'] },
  { name: 'verbs.js', roots: ['lib/many/index.js', 'lib/namespace/namespace.js', 'lib/many/gathered.js'] },
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

/** Which bundle each file is in: its number. */
function bundlesOf(folder) {
  const bundled = new Map();
  for (const [number, { roots }] of BUNDLES.entries()) {
    for (const root of roots) {
      for (const file of loadedAtOnce(join(folder, root), bundled)) bundled.set(file, number);
    }
  }
  return bundled;
}

/** The text of a bundle: each of its files as it is, in a function that is called at once. */
function textOf(number, bundled, lib) {
  const nameOf = (file) => pathFrom(lib, file);
  const found = (file) => {
    const place = bundled.get(file);
    if (place === undefined) return `require('${nameOf(file)}')`;
    const isThere = place === number || (place < number && place < 2);
    return `${isThere ? 'modules' : `require('./${BUNDLES[place].name}')`}['${nameOf(file)}']`;
  };
  const files = [...bundled.keys()].filter((file) => bundled.get(file) === number);
  const modules = files.map((file) => {
    const text = readFileSync(file, 'utf8').replaceAll(ANY, (_whole, path) => found(resolve(dirname(file), path)));
    // In parentheses: a function that is called at once is compiled at once, not twice.
    return `// ${nameOf(file)}\n(function (module) {\n${text}\nmodules['${nameOf(file)}'] = module.exports;\n})({ exports: {} });\n`;
  });
  const known = number === 0 ? '{}' : `require('./${BUNDLES[Math.min(number, 2) - 1].name}')`;
  return `'use strict';\n\nconst modules = ${known};\nmodule.exports = modules;\n\n${modules.join('\n')}`;
}

/**
 * Puts the files of a package in `folder` into bundles, and replaces those that others require by lines that find them
 * there. The rest stay files; for a bundled file they get the same object. All of them are made short.
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
  for (const file of later) writeFileSync(file, short(readFileSync(file, 'utf8')));
  for (const [number, { name }] of BUNDLES.entries()) writeFileSync(join(lib, name), short(texts[number]));
}
