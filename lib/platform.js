'use strict';
// Functions of the platform, as they are when the package is imported. Most files are loaded later, perhaps by a test
// that has replaced these meanwhile: by a clock of its own, or by timers that never call back.

const { clearTimeout, setImmediate, setTimeout } = require('node:timers');

const hrtime = process.hrtime.bigint;

/** Milliseconds of a clock that no test moves. */
const now = () => Number(hrtime()) / 1e6;

/** Those that users' code calls, to tell whether they were replaced. */
const given = Object.freeze({ dateNow: Date.now, setTimeout: globalThis.setTimeout });

module.exports = { clearTimeout, given, now, setImmediate, setTimeout };
