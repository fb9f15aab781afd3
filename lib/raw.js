'use strict';
// The addon, and the bridge to it that all realms of this environment share. See src/bridge.js.

const { ANSWER, PENDING } = require('./contract/numbers.js');
const { addon } = require('./native.js');

const { CODE_BITS } = ANSWER;
const { WOKEN } = PENDING;

const CODES = 1 << CODE_BITS;
const RESOLVED = Promise.resolve();

const native = /** @type {import('./contract/raw.js').Raw} */ (addon());
/**
 * One per environment: realms and module registries that load this file more than once, as those of test runners, share
 * it.
 */
const bridge = native.bridge(native);

const wanted = process.env['LAZY_LOG'];
if (wanted !== undefined && wanted !== '') bridge.startLog(wanted);

/**
 * Delivers events and late answers, once every answer of a call was taken. What they lead to leaves with the operations
 * that the running code asks for: a handler of events does not split what is sent together.
 */
function settle() {
  const pending = bridge.pending[0];
  if (pending === 0) return;
  bridge.pending[0] = 0;
  submitSoon();
  if ((pending & WOKEN) !== 0) native.settle();
}

/**
 * The code of an answer.
 * @param {number} answer
 */
function codeOf(answer) {
  return answer & (CODES - 1);
}

/**
 * The argument of an answer.
 * @param {number} answer
 */
function argumentOf(answer) {
  return answer < 0x8000_0000 ? answer >> CODE_BITS : Math.floor(answer / CODES);
}

let submitting = false;

/** Sends the operations that wait for stores, and loaded values, with all others that the running code asks for. */
function submitSoon() {
  if (submitting) return;
  submitting = true;
  RESOLVED.then(submit);
}

function submit() {
  submitting = false;
  native.submit();
}

module.exports = { bridge, settle, codeOf, argumentOf };
