'use strict';
// Enums that cross between JavaScript and Rust by their number.
// Generated from src/contract by `npm run contract`.

/** The meaning of an answer; its argument in brackets. */
const CODE = Object.freeze({
  /** Nothing, or done. */
  NOTHING: 0,
  /** A value (its slot). */
  VALUE: 1,
  /** Yes or no (1 or 0). */
  FLAG: 2,
  /** A count (it). */
  COUNT: 3,
  /** The answer comes later (the request). */
  WAIT: 4,
  /** The loader is to be called (the request). */
  LOAD: 5,
  /** It shares the answer of another (that request). */
  JOINED: 6,
  /** Users' code threw (the slot of the error). */
  THROWN: 7,
  /** A failure in words (the words are kept under this number). */
  MESSAGE: 8,
  /** The load took longer than it may (the limit in milliseconds). */
  HARD_TIMEOUT: 9,
  /** It was answered before. */
  ANSWERED: 10,
  /** An answer while the load goes on (the value's slot). */
  EARLY: 11,
  /** The loader's signal is to be aborted (the limit in milliseconds). */
  ABORT: 12,
  /** A text (the words are kept under this number). */
  TEXT: 13,
  /** Values (their slots are kept under this number). */
  VALUES: 14,
  /** Another instance has the lock of the key; the answer comes later. */
  LOCKED_OUT: 15,
  /**
   * A live value, which is loaded anew: `takeRefreshed` returns its slot (the request). Of a request that has
   * waited (the slot).
   */
  REFRESH: 16,
});

/** A setting of a cache that follows from its options. */
const DERIVED = Object.freeze({
  /** How long entries live in the memory layer by default, in milliseconds. */
  LIFETIME: 0,
  /**
   * How long loads may be joined, in milliseconds; not a number where loads have limits or may not be
   * joined.
   */
  JOINABLE: 1,
  /** Whether it remembers that a loader found nothing: 1 or 0. */
  REMEMBERS_ABSENCE: 2,
  /** How long a key counts as uncacheable once its loader has skipped, in milliseconds. */
  SKIP_TTL: 3,
});

/** Which object of a cache a method is called on. */
const TARGET = Object.freeze({
  /** The user's memory layer. */
  L1: 0,
  /** The user's second layer. */
  L2: 1,
  /** The custom bus. */
  BUS: 2,
  /** Takes messages that the bus did not take. */
  BUS_FAILED: 3,
  /** Takes messages that were not tried, as the circuit is open. */
  BUS_SKIPPED: 4,
});

/** The result of a method of a custom store or bus. */
const REPORT = Object.freeze({
  /** Nothing. */
  NOTHING: 0,
  /** The value in a slot. */
  VALUE: 1,
  /** Yes or no (1 or 0). */
  FLAG: 2,
  /** A number. */
  NUMBER: 3,
  /** It threw the error in a slot. */
  THROWN: 4,
});

/** The outcome of a local load. */
const LOADED = Object.freeze({
  /** The value in a slot. */
  VALUE: 0,
  /** Nothing. */
  NOTHING: 1,
  /** It threw the error in a slot. */
  ERROR: 2,
});

/** What becomes of a loaded value. */
const VERDICT = Object.freeze({
  /** It is stored. */
  KEEP: 0,
  /** It is returned and not stored, and its key is not queued for during a while. */
  SKIP: 1,
  /** It is the stale value, which is still true: it lives on. */
  EXTEND: 2,
});

/** The form in which the bytes of a value are read. */
const FORM = Object.freeze({
  /** There are none: the value is null. */
  NULL: 0,
  /** `MessagePack`. */
  MSGPACK: 1,
  /** `MessagePack` with records, whose shapes have crossed before. */
  RECORDS: 2,
  /** JSON. */
  JSON: 3,
});

/** An item of an event bus for JavaScript. */
const BUS_ITEM = Object.freeze({
  /** An event for a handler. */
  TO_HANDLER: 0,
  /** An event for a cache. */
  TO_CACHE: 1,
  /** A notice for the owner of the bus. */
  NOTICE: 2,
  /** How many events of a cache were dropped. */
  DROPPED: 3,
  /** A question for the owner of a connection. */
  QUESTION: 4,
  /** Commands for the client that the owner drives. */
  COMMANDS: 5,
  /** A step in a session with a broker. */
  SESSION: 6,
});

/** A step in a session that JavaScript has with a broker. */
const SESSION_STEP = Object.freeze({
  /** Opens it. */
  OPEN: 0,
  /** Begins to receive. */
  SUBSCRIBE: 1,
  /** Sends events. */
  PUBLISH: 2,
  /** Sends a heartbeat. */
  HEARTBEAT: 3,
  /** An event was handled. */
  ACKNOWLEDGE: 4,
  /** An event could not be handled: the broker delivers it again. */
  REJECT: 5,
  /** Closes it. */
  CLOSE: 6,
});

/** Something that was received in such a session. */
const ARRIVAL = Object.freeze({
  /** An event or a heartbeat, on a transport that has one way for both. */
  EITHER: 0,
  /** An event. */
  EVENT: 1,
  /** An event that was delivered before. */
  AGAIN: 2,
  /** A heartbeat, in the order of events. */
  HEARTBEAT: 3,
  /** A heartbeat that may overtake events. */
  SIGN_OF_LIFE: 4,
});

/** News of such a session. */
const SESSION_NEWS = Object.freeze({
  /** It is lost. */
  LOST: 0,
  /** The user has no right to heartbeats. */
  NO_HEARTBEATS: 1,
});

/** A notice to the owner of an event bus. */
const NOTICE = Object.freeze({
  /** The bus is up. */
  UP: 0,
  /** The bus is down. */
  DOWN: 1,
  /** Events were dropped before they were sent. */
  UNSENT: 2,
  /** An event was refused. */
  REFUSED: 3,
  /** Events for a handler were dropped. */
  UNHANDLED: 4,
});

/** A question or report of the retry queue of a custom bus. */
const RETRY = Object.freeze({
  /** Whether messages may be sent now. */
  ASK: 0,
  /** They were sent. */
  SENT: 1,
  /** Sending them failed. */
  FAILED: 2,
});

module.exports = {
  CODE,
  DERIVED,
  TARGET,
  REPORT,
  LOADED,
  VERDICT,
  FORM,
  BUS_ITEM,
  SESSION_STEP,
  ARRIVAL,
  SESSION_NEWS,
  NOTICE,
  RETRY,
};
