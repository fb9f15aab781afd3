'use strict';
// The addon, set up for this environment: shared arrays, and the requests that are under way.

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

const BATCH = 256;
/** Values of up to so many bytes are handed over in memory that is reused. */
const SCRATCH_BYTES = 65_536;
/** Requests whose loads can be joined without a call; those beyond are joined by calls. */
const JOINABLE = 4096;

/**
 * @param {any} raw the addon
 * @returns {any}
 */
function createBridge(raw) {
  const length = raw.defaults(6);
  const bridge = {
    raw,
    /** Milliseconds of the addon's clock; infinite while it does not run. */
    clock: new Float64Array(1),
    /** Options of a call or of a new cache, NaN where none is given. */
    params: new Float64Array(length).fill(NaN),
    /** Answers that came later: request, code, argument. */
    out: new Float64Array(BATCH * 3),
    /** Until when the load of a request may be joined, by id; 0 when it may not. */
    joinable: new Float64Array(JOINABLE),
    /** WOKEN and SUBMITS, or 0. */
    pending: new Uint32Array(1),
    /** The bytes of a small value that the addon hands over. */
    scratch: Buffer.alloc(SCRATCH_BYTES),
    /** A number that comes with a value: its weight, or 1 when its bytes are a payload as it is stored. */
    transfer: new Float64Array(1),
    /** The names of each shape that records name, by its number. @type {string[][]} */
    shapes: [],
    /** Requests under way, by id. @type {any[]} */
    requests: [],
    /** What a cache's calls back into JavaScript are for, by adapter id. @type {Map<number, WeakRef<any>>} */
    adapters: new Map(),
    /** The buses of the addon, by their owner's number. @type {Map<number, WeakRef<any>>} */
    buses: new Map(),
    nextAdapter: 0,
    /** Loads that are led in front: how many run, and whether they alone keep the process alive. */
    led: { running: 0, keepAlive: false, isWatched: false },
    NOTES: raw.defaults(4),
    FREED: raw.defaults(5),
    LEDGER: raw.defaults(3),
  };
  const adapter = (/** @type {number} */ id) => bridge.adapters.get(id)?.deref();
  const functions = [
    (/** @type {any[]} */ ...args) => adapter(args[0])?.call(...args),
    (/** @type {any[]} */ ...args) => adapter(args[0])?.measure(...args),
    (/** @type {number} */ count) => deliver(bridge, count),
    (/** @type {any[]} */ ...args) => adapter(args[0])?.emit(...args),
    (/** @type {number} */ id, /** @type {number} */ slot) => adapter(id)?.pack(slot),
    (/** @type {number} */ id, /** @type {number} */ form, /** @type {any} */ bytes) => adapter(id)?.unpack(form, bytes),
    (/** @type {number} */ id, /** @type {string[]} */ ...names) => {
      bridge.shapes[id] = names;
    },
    (/** @type {any[]} */ ...args) => adapter(args[0])?.visit(...args),
    () => bridge,
    (/** @type {any[]} */ ...args) => hear(bridge, args),
  ];
  const { out, params, clock, pending, joinable, scratch, transfer } = bridge;
  raw.setUp(functions, [out, params, clock, pending, joinable, scratch, transfer]);
  return bridge;
}

/**
 * Takes answers that came later.
 * @param {any} bridge
 * @param {number} count
 */
function deliver(bridge, count) {
  // A request may be answered by code that fills the array again: take the batch out first.
  const batch = bridge.out.slice(0, count * 3);
  for (let at = 0; at < batch.length; at += 3) {
    bridge.requests[batch[at]]?.take(batch[at + 1], batch[at + 2]);
  }
}

/**
 * Takes what event buses have, see src/bus/queue.rs: an event for a handler (0) or for a cache (1), or a note (2).
 * @param {any} bridge
 * @param {any[]} args
 */
function hear(bridge, [what, whose, ...more]) {
  if (what === 2) {
    bridge.buses.get(whose)?.deref()?.note(...more);
    return;
  }
  const [subscription, delivery, form, bytes] = more;
  const { unpack } = require('./serializer/unpack.js');
  let event;
  try {
    event = unpack(form, bytes);
  } catch {
    // What cannot be read is as good as not there: no other delivery makes it better.
    if (delivery >= 0) bridge.raw.busHandled(delivery, 1);
    return;
  }
  if (what === 0) bridge.buses.get(whose)?.deref()?.hear(subscription, event, delivery);
  else bridge.adapters.get(whose)?.deref()?.hear(event, delivery);
}

const native = loadNative();
/** One per environment: module registries that load this file more than once (test runners do) share it. */
const bridge = native.bridge() ?? createBridge(native);

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
