'use strict';
// Messages as payloads, for custom event buses. The code is loaded with the first call.

const { lazy } = require('../lazy.js');

const wire = lazy(() => require('../event-bytes.js'));

/** @param {Given} event */
function encodeInvalidationEvent(event) {
  return wire().encodeInvalidationEvent(event);
}

/** @param {unknown} bytes */
function decodeInvalidationEvent(bytes) {
  return wire().decodeInvalidationEvent(bytes);
}

/** @param {unknown} bytes */
function decodeInvalidationEvents(bytes) {
  return wire().decodeInvalidationEvents(bytes);
}

module.exports = { encodeInvalidationEvent, decodeInvalidationEvent, decodeInvalidationEvents };
