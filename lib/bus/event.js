'use strict';
// Events as they cross: to bytes and back.

const { jsonPayload, packShortly } = require('../serializer/pack.js');
const { PREFIX_BYTES, writesJson } = require('../serializer/format.js');

/** @param {unknown} value */
const isCallable = (value) => typeof value === 'function';

/**
 * The bytes of an event without the prefix of a payload, and whether they are JSON. They last until the next value is
 * packed.
 * @param {any} event
 * @returns {{ bytes: Buffer, isJson: boolean }}
 */
function packEvent(event) {
  if (writesJson()) return { bytes: jsonPayload(event).subarray(PREFIX_BYTES), isJson: true };
  return { bytes: packShortly(event), isJson: false };
}

/**
 * An event as handlers see it: without the number that only receivers of this package look at.
 * @param {any} received
 */
function shownEvent(received) {
  if (received === null || typeof received !== 'object') return received;
  const { publisher: _publisher, sequence: _sequence, ...event } = received;
  return event;
}

module.exports = { isCallable, packEvent, shownEvent };
