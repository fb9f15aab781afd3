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
  // This package writes no references between the parts of a value: a few bytes of them are a value without end.
  const common = { copyBuffers: true, structuredClone: false };
  plain = new Unpackr({ ...common, useRecords: false });
  ofRecords = new Unpackr({ ...common, structures, mapsAsObjects: true });
}

/** Takes the shapes that were told since the last time. */
function takeShapes() {
  for (; taken < shapes.length; taken++) structures[taken] = Object.assign([...shapes[taken]], { isShared: true });
  structures.sharedLength = taken;
}

/** The part of a message that is read. */
const part = { start: 0, end: 0 };

/**
 * The value that the addon hands over. Throws the errors of `msgpackr` or `JSON.parse`.
 * @param {number} form
 * @param {number | Buffer} source the bytes, or their number if they are in the scratch
 * @returns {any} a user's value, never undefined
 */
function unpack(form, source) {
  return typeof source === 'number' ? unpackPart(form, scratch, 0, source) : unpackPart(form, source, 0, source.length);
}

/**
 * The value in a part of bytes.
 * @param {number} form
 * @param {Buffer} bytes
 * @param {number} start
 * @param {number} end
 * @returns {unknown}
 */
function unpackPart(form, bytes, start, end) {
  if (form === FORM.NULL) return null;
  if (form === FORM.JSON) {
    const value = JSON.parse(bytes.toString('utf8', start, end));
    return value === NULL_SENTINEL ? null : value;
  }
  if (plain === undefined) loadReaders();
  const reader = form === FORM.MSGPACK ? plain : ofRecords;
  if (reader === ofRecords && taken !== shapes.length) takeShapes();
  if (start === 0) return reader.unpack(bytes, end) ?? null;
  part.start = start;
  part.end = end;
  return reader.unpack(bytes, part) ?? null;
}

/**
 * The values of an array of records, by one call of the library: a call for each takes two thirds longer. `undefined`
 * if one of them cannot be read.
 * @param {Buffer} bytes
 * @param {number} start
 * @param {number} end
 * @returns {unknown[] | undefined}
 */
function unpackAll(bytes, start, end) {
  try {
    return /** @type {unknown[]} */ (unpackPart(FORM.RECORDS, bytes, start, end));
  } catch {
    return undefined;
  }
}

module.exports = { unpack, unpackAll, unpackPart };
