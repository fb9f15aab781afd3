'use strict';
// Sizes of values in the MessagePack dialect that is stored and sent.

/** Loaded when the first value is packed: most processes never do. @type {import('msgpackr').Packr | undefined} */
let packr;

/** The prefix of every payload. */
const PREFIX_BYTES = 4;

/**
 * Bytes of a value packed, with the prefix of its payload. 0 for what cannot be packed.
 * @param {unknown} value
 * @returns {number}
 */
function packedBytes(value) {
  try {
    packr ??= new (require('msgpackr').Packr)({ useRecords: false });
    return packr.pack(value).length + PREFIX_BYTES;
  } catch {
    return 0;
  }
}

module.exports = { packedBytes };
