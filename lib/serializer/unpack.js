'use strict';
// Converts the values that the addon has opened to JavaScript.

const { FORM } = require('../contract/codes.js');
const { NULL_SENTINEL } = require('../contract/values.js');
const { bridge } = require('../raw.js');

const { scratch, shapes } = bridge;

/** Loaded when the first value is read. @type {Foreign} */
let plain;
/** @type {Foreign} */
let ofRecords;
/**
 * The names of each shape that records name, by its number. Copies: `msgpackr` keeps with each the function
 * that reads it, and another copy of this file may have another copy of `msgpackr`.
 * @type {string[][] & { sharedLength?: number }}
 */
const structures = [];
/** The number of shapes from the addon. After them `msgpackr` has the shapes of one message. */
let taken = 0;

function loadReaders() {
  const { Unpackr } = require('./msgpackr.js');
  // The memory of a small value is reused for the next one, so buffers in it have to be copied.
  plain = new Unpackr({ useRecords: false, copyBuffers: true });
  ofRecords = new Unpackr({ structures, mapsAsObjects: true, copyBuffers: true });
}

/** Takes the shapes that were told since the last time. */
function takeShapes() {
  for (; taken < shapes.length; taken++) structures[taken] = Object.assign([...shapes[taken]], { isShared: true });
  structures.sharedLength = taken;
}

/**
 * The value that the addon hands over. Throws the errors of `msgpackr` or `JSON.parse`.
 * @param {number} form
 * @param {number | Buffer} source the bytes, or their number if they are in the scratch
 * @returns {any} a user's value, never undefined
 */
function unpack(form, source) {
  if (form === FORM.NULL) return null;
  const bytes = typeof source === 'number' ? scratch : source;
  const length = typeof source === 'number' ? source : source.length;
  if (form === FORM.JSON) {
    const value = JSON.parse(bytes.toString('utf8', 0, length));
    return value === NULL_SENTINEL ? null : value;
  }
  if (plain === undefined) loadReaders();
  if (form === FORM.MSGPACK) return plain.unpack(bytes, length) ?? null;
  if (taken !== shapes.length) takeShapes();
  return ofRecords.unpack(bytes, length) ?? null;
}

module.exports = { unpack };
