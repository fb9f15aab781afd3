'use strict';
// The options of a call of a cache.

const { lazy } = require('../lazy.js');
const { refuseTags } = require('../tag-rules.js');
const { readCallOptions } = require('./read.js');

const unknown = lazy(() => require('./unknown-of-calls.js').known);

/**
 * @param {import('../calls.js').Calls} core
 * @param {Given} options
 * @returns {import('./read.js').OptionRecord | undefined} undefined when none is given
 */
function readOptionsOfCall(core, options) {
  const record = readCallOptions(options, core.keepsTags);
  if (core.refusesTags) refuseTags(options);
  if (core.hands) return Object.assign(record ?? [], { handed: options });
  // Stores of users take what they like.
  unknown().ofCalls.tell(core.emitter.logger, options);
  return record;
}

/**
 * Tells the unknown options of a verb that has few.
 * @param {import('../core.js').Core} core
 * @param {Given} options
 * @param {'on' | 'save' | 'advice' | 'close'} verb
 */
function tellUnknown(core, options, verb) {
  if ((options ?? undefined) !== undefined) unknown().ofVerbs.tell(core.emitter.logger, options, verb);
}

module.exports = { readOptionsOfCall, tellUnknown };
