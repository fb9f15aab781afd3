// Which modules of a part of this project use which, and whether those are on lower floors.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';

/**
 * A module on one floor uses another: `{ from, to, file }`. A module is a file or a folder at the top of its part.
 * @typedef {{ from: string, to: string, file: string }} Arrow
 */

function* sources(folder, ending, below = '') {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) yield* sources(folder, ending, path);
    else if (entry.name.endsWith(ending)) yield path.split(sep).join('/');
  }
}

const withoutComments = (source) => source.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/(?<!:)\/\/[^\n]*/g, '');

/** The parts of a list in braces, which may have braces themselves. */
function partsOf(list) {
  const parts = [''];
  let depth = 0;
  for (const letter of list) {
    if (letter === '{') depth += 1;
    if (letter === '}') depth -= 1;
    if (letter === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** The paths of a tree of `use`: of `a::{b, c::d}` they are `a::b` and `a::c::d`. */
export function pathsOf(tree) {
  const open = tree.indexOf('{');
  if (open === -1) return [tree.trim()];
  const head = tree.slice(0, open).trim();
  return partsOf(tree.slice(open + 1, tree.lastIndexOf('}'))).flatMap((part) => pathsOf(head + part));
}

/** The paths that a Rust file names, of its `use` and of its code. Its tests are left out. */
function pathsIn(source) {
  const code = withoutComments(source).replace(/#\[cfg\(test\)\]\s*mod \w+ \{[^]*/, '');
  const used = /\buse\s+([^;]+);/g;
  const inUse = [...code.matchAll(used)].flatMap(([, tree]) => pathsOf(tree));
  const inCode = code.replaceAll(used, '').match(/\b(?:crate|super)(?:::\w+)+/g) ?? [];
  return [...inUse, ...inCode].map((path) => path.split('::').map((name) => name.trim()));
}

/** The module, at the top of the crate, that a path of a file leads to, if it leads into the crate. */
function targetOf(path, module) {
  if (path[0] === 'crate') return path[1];
  if (path[0] !== 'super') return undefined;
  const ups = path.findIndex((name) => name !== 'super');
  const above = module.slice(0, module.length - ups);
  return above.length > 0 ? above[0] : path[ups];
}

/** @returns {Arrow[]} of a crate, whose sources are in `folder`; modules that only tests have are left out */
export function rustArrows(folder, onlyTests = () => false) {
  const files = [...sources(folder, '.rs')].filter((file) => file !== 'lib.rs' && !onlyTests(file));
  const modules = new Map(files.map((file) => [file, file.replace(/(\/mod)?\.rs$/, '').split('/')]));
  const known = new Set([...modules.values()].map(([top]) => top));
  return files.flatMap((file) => {
    const module = modules.get(file);
    const targets = pathsIn(readFileSync(join(folder, file), 'utf8')).map((path) => targetOf(path, module));
    const others = new Set(targets.filter((to) => to !== undefined && known.has(to) && to !== module[0]));
    return [...others].map((to) => ({ from: module[0], to, file }));
  });
}

/** @returns {Arrow[]} of CommonJS files in a folder, as far as they load each other */
export function requireArrows(folder) {
  const top = (path) => path.split('/')[0].replace(/\.js$/, '');
  return [...sources(folder, '.js')].flatMap((file) => {
    const asked = withoutComments(readFileSync(join(folder, file), 'utf8')).matchAll(/require\('(\.[^']+)'\)/g);
    const paths = [...asked].map(([, path]) =>
      normalize(join(dirname(file), path))
        .split(sep)
        .join('/'),
    );
    const others = new Set(paths.filter((path) => !path.startsWith('..')).map(top));
    return [...others].filter((to) => to !== top(file)).map((to) => ({ from: top(file), to, file }));
  });
}

/**
 * The floors of a list, in Rust's documentation or in Markdown: a number and a dot, then modules in backticks.
 * @returns {Map<string, number>} the floor of each module
 */
export function floorsOf(list) {
  const floors = new Map();
  let floor;
  for (const line of list.split('\n')) {
    const [, number, rest] = /^(?:\/\/! ?)?(?:(\d+)\. )?(.*)$/.exec(line) ?? [];
    if (number !== undefined) floor = Number(number);
    if (floor === undefined) continue;
    if (rest.trim() === '') break;
    for (const [, name] of rest.matchAll(/`(?:mod@)?(\w[\w-]*)`/g)) floors.set(name, floor);
  }
  return floors;
}

/** The arrows that do not lead to a lower floor, and the modules that have none. */
export function wrongArrows(arrows, floors) {
  const used = new Set(arrows.flatMap(({ from, to }) => [from, to]));
  const homeless = [...used].filter((name) => !floors.has(name)).map((name) => `${name} is on no floor`);
  const up = arrows.filter(({ from, to }) => floors.get(to) >= floors.get(from));
  return [
    ...homeless.sort(),
    ...up.map(({ from, to, file }) => `${file}: ${from} (${floors.get(from)}) uses ${to} (${floors.get(to)})`).sort(),
  ];
}
