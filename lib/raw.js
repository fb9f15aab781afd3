'use strict';
// The addon, and what all realms of this environment share of it: see src/bridge.js.

const { loadNative } = require('./native.js');

/** Codes of answers, see src/reply.rs. An answer is `argument * 16 + code`. */
const CODE = Object.freeze({
  NOTHING: 0,
  VALUE: 1,
  FLAG: 2,
  COUNT: 3,
  WAIT: 4,
  LOAD: 5,
  JOINED: 6,
  THROWN: 7,
  MESSAGE: 8,
  HARD_TIMEOUT: 9,
  ANSWERED: 10,
  EARLY: 11,
  ABORT: 12,
  TEXT: 13,
});

/** Bits beside the id of a cache, see src/binding/requests.rs. */
const NUMERIC_KEY = 1 << 30;
const HAS_OPTIONS = 1 << 29;

/** Bits of `pending`, see src/instance.rs. */
const WOKEN = 1;
const SUBMITS = 2;

const RESOLVED = Promise.resolve();

const native = loadNative();
/** One per environment: realms and module registries that load this file more than once, as those of test runners, share it. @type {any} */
const bridge = native.bridge(native);

/** Tells and answers what has come up, once nothing that a call has answered is still to be taken. */
function settle() {
  const pending = bridge.pending[0];
  if (pending === 0) return;
  bridge.pending[0] = 0;
  if ((pending & SUBMITS) !== 0) submitSoon();
  if ((pending & WOKEN) !== 0) native.settle();
}

/**
 * The argument of an answer.
 * @param {number} answer
 */
function split(answer) {
  return answer < 0x8000_0000 ? answer >> 4 : Math.floor(answer / 16);
}

let submitting = false;

/** Sends what waits for stores, with all else that the code running now asks of them. */
function submitSoon() {
  if (submitting) return;
  submitting = true;
  RESOLVED.then(submit);
}

function submit() {
  submitting = false;
  native.submit();
}

module.exports = { bridge, settle, split, CODE, NUMERIC_KEY, HAS_OPTIONS };
