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
  tellUnknownOf('ofCalls', core, options);
  return core.hands ? Object.assign(record ?? [], { handed: options }) : record;
}

/**
 * Tells the unknown options of a value: of a call, of a function that is wrapped, or those that a loader sets.
 * @param {'ofCalls' | 'ofFunctions' | 'ofLoaders'} owner
 * @param {import('../calls.js').Calls} core
 * @param {Given} options
 */
function tellUnknownOf(owner, core, options) {
  const { logger } = core.emitter;
  // Stores of users take what they like.
  if (!core.hands && logger.mayWarnOnce()) unknown()[owner].tell(logger, options);
}

/**
 * Tells the unknown options of a verb that has few.
 * @param {import('../core.js').Core} core
 * @param {Given} options
 * @param {'on' | 'save' | 'advice' | 'close'} verb
 */
function tellUnknown(core, options, verb) {
  const { logger } = core.emitter;
  if ((options ?? undefined) !== undefined && logger.mayWarnOnce()) unknown().ofVerbs.tell(logger, options, verb);
}

module.exports = { readOptionsOfCall, tellUnknown, tellUnknownOf };
