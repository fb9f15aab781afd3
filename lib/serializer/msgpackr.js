'use strict';
// The library that defines the dialect. In the published package it is itself in the place of this file: see
// scripts/parts/msgpackr.cjs.

const { Packr, Unpackr, addExtension } = require('../../scripts/parts/msgpackr.cjs').loadPacker();

module.exports = { Packr, Unpackr, addExtension };
