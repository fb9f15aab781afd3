'use strict';
// How a memory layer shares its values.

const { optionRange, optionType } = require('../errors.js');
const { yes } = require('./checks.js');
const { mustBeObject } = require('./read.js');

/** @typedef {'reference' | 'frozen' | 'copy'} Sharing */

/** @type {readonly unknown[]} */
const WAYS = ['reference', 'frozen', 'copy'];
const ALLOWED = WAYS.map((way) => `"${way}"`).join(', ');

/**
 * @param {Given} options of a cache or a `MemoryStore`
 * @returns {{ sharing: Sharing, findsMutations: boolean }}
 */
function readValues(options) {
  const levels = options?.levels ?? undefined;
  mustBeObject('levels', levels);
  const l1 = levels?.L1 ?? undefined;
  mustBeObject('levels.L1', l1);
  const { values, findMutations } = l1 ?? {};
  const sharing = values ?? 'reference';
  if (!WAYS.includes(sharing)) {
    const fault = typeof sharing === 'string' ? optionRange : optionType;
    throw fault('levels.L1.values', `one of ${ALLOWED}`, sharing);
  }
  const findsMutations = yes('levels.L1.findMutations', findMutations ?? false);
  return { sharing: /** @type {Sharing} */ (sharing), findsMutations };
}

module.exports = { readValues };
