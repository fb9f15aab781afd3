'use strict';
// Records of options.

/** @typedef {import('./options/read.js').OptionRecord} OptionRecord */

/**
 * A copy of a record: of its numbers and of its further fields, with others over them.
 * @param {OptionRecord | undefined} record
 * @param {Partial<import('./options/read.js').More>} [more]
 * @returns {OptionRecord}
 */
const copyOf = (record, more) => Object.assign([...(record ?? [])], record, more);

module.exports = { copyOf };
