'use strict';
// The log for cases that need help: `LAZY_LOG=debug`. Loaded where that is set, and nowhere else.

/**
 * Has the addon print what happens in it, see src/log.
 * @param {import('./contract/raw.js').Raw} native
 * @param {string} wanted
 */
function start(native, wanted) {
  // What happened last is what somebody wants to know of a process that ended.
  if (native.logStart(wanted)) process.once('exit', () => native.logFlush());
}

module.exports = { start };
