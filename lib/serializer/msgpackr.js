'use strict';
// The library that defines the dialect. In the published package the library itself takes the place of this file: see
// scripts/parts/msgpackr.cjs.

const { Packr, Unpackr, addExtension } = require('../../scripts/parts/msgpackr.cjs').loadPacker();

module.exports = { Packr, Unpackr, addExtension };
