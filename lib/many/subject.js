'use strict';
// The cache that a verb of several keys is called on. It calls the verbs of one key that a subclass overrides.

/**
 * @typedef {object} Subject
 * @property {Foreign} owner the cache
 * @property {import('../core.js').Core} core
 * @property {Foreign} original the prototype that has the verbs as they are here
 */

/**
 * @param {Subject} subject
 * @param {string} verb
 */
const isOverridden = ({ owner, original }, verb) => owner[verb] !== original[verb];

module.exports = { isOverridden };
