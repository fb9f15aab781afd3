'use strict';
// The packer of the facade: the pure JavaScript build of `msgpackr`, which becomes a part of the published package. As
// a dependency it would bring `msgpackr-extract`, an addon with an install script, at which package managers stop.

const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

/** Where texts are read that are too long for the quickest way, in the build. */
const LONG_TEXTS = `		if (length > 64 && decoder)
			return decoder.decode(src.subarray(position$1, position$1 += length));
`;
/**
 * Node.js reads them sooner than a loop does, and keeps a byte order mark in front, as the addon does and
 * \`TextDecoder\` does not.
 */
const BY_NODE = `		if (length >= 16 && src.utf8Slice && position$1 + length <= src.length)
			return src.utf8Slice(position$1, position$1 += length);
`;
/** Where the keys of a \`Map\` are packed, in the build. */
const KEYS = `								for (let [key, entryValue] of value) {
									pack(key);
`;
/** A map is read as an object. Of a key that is an object that has no name. */
const CHECKED_KEYS = `								for (let [key, entryValue] of value) {
									if (key !== null && typeof key === 'object')
										throw new TypeError('a Map with a key that is an object has no bytes');
									pack(key);
`;
const MAP = /\n\/\/# sourceMappingURL=.*\s*$/;

/** Its text as a CommonJS module, with its licence. */
function packerText() {
  const build = dirname(require.resolve('msgpackr'));
  const { version } = JSON.parse(readFileSync(join(build, '..', 'package.json'), 'utf8'));
  const licence = readFileSync(join(build, '..', 'LICENSE'), 'utf8').trim();
  const text = readFileSync(join(build, 'index.js'), 'utf8');
  if (text.split(LONG_TEXTS).length !== 2) throw new Error(`msgpackr ${version} reads long texts in another way`);
  if (text.split(KEYS).length !== 2) throw new Error(`msgpackr ${version} packs the keys of a Map in another way`);
  const read = text.replace(LONG_TEXTS, () => BY_NODE + LONG_TEXTS);
  const changed = read.replace(KEYS, () => CHECKED_KEYS).replace(MAP, '\n');
  return `/*!\nmsgpackr ${version}, its pure JavaScript build; changed in two places: texts are read by \`utf8Slice\` where that is there, and a Map with a key that cannot be read is refused.\n\n${licence}\n*/\n${changed}`;
}

/**
 * The same, as it is loaded from the sources: in the realm of who asks, as a file is, since test runners have several.
 * @returns {any}
 */
function loadPacker() {
  const module = { exports: {} };
  const run = new Function('exports', 'module', `${packerText()}//# sourceURL=msgpackr.js`);
  run(module.exports, module);
  return module.exports;
}

module.exports = { packerText, loadPacker };
