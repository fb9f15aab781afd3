'use strict';
// Numbers that cross between JavaScript and Rust, and names by their number.
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

/** The form in which the bytes of a value are read. */
const FORM = Object.freeze({
  /** There are none: the value is null. */
  NULL: 0,
  /** `MessagePack`. */
  MSGPACK: 1,
  /** `MessagePack` with records, whose shapes were told. */
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
  /** An event could not be handled: it is to come again. */
  REJECT: 5,
  /** Closes it. */
  CLOSE: 6,
});

/** What was received in such a session. */
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
  /** Events that were to be sent were dropped. */
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

/** How an answer is put together of a code and its argument. */
const ANSWER = Object.freeze({
  /** Bits of the code; the argument is above them. */
  CODE_BITS: 4,
});

/** How the first argument of a verb is put together. */
const CALL = Object.freeze({
  /** The key was given as a number. */
  NUMERIC_KEY: 0x4000_0000,
  /** The options of this call are in the params. */
  HAS_OPTIONS: 0x2000_0000,
  /** The id of the cache. */
  ID: 0x1fff_ffff,
});

/** The kinds of the layers of a cache. */
const LAYERS = Object.freeze({
  /** The first layer is a custom store. */
  CUSTOM_L1: 1,
  /** There is no memory layer. */
  NO_L1: 2,
  /** The second layer is an object that is driven from JavaScript. */
  CUSTOM_L2: 4,
  /** That object has locks. */
  L2_LOCKS: 8,
  /** The bus is a custom one. */
  CUSTOM_BUS: 16,
  /** Other processes read that object. */
  L2_SHARED: 64,
  /** The second layer is a Redis of the addon. */
  BUILTIN_L2: 128,
  /** The bus is one of the addon. */
  BUILTIN_BUS: 256,
});

/** Work that has come up by the end of a call. */
const PENDING = Object.freeze({
  /** Events and answers are to be told: `settle` does. */
  WOKEN: 1,
  /** Operations on stores wait to be sent: `submit` does. */
  SUBMITS: 2,
});

/** The numbers of an option record beside those of the options. */
const PARAMS = Object.freeze({
  /** Place of the slot of the options of the call, for custom stores. */
  HANDED: 37,
  /** Place of 1 where JavaScript has looked for the key. */
  WAS_READ: 38,
  /** Place of the number under which the source of the answer is asked for. */
  SOURCE: 39,
  /** Place of the texts that are the tags. */
  TAGS: 40,
  /** Length of the record. */
  LENGTH: 41,
});

/** Whose work something is, in the place of a request. */
const BEHALF = Object.freeze({
  /** The code that has called, whose context is the current one. */
  CALLER: 0xffff_fffe,
  /** No caller: another instance has sent a message. */
  NOBODY: 0xffff_ffff,
});

/** The numbers of the clock's array. */
const CLOCK = Object.freeze({
  /** The time with a margin, for hits to compare with; infinite where they have to look at the clock. */
  HITS: 0,
  /** Whether another clock is followed: 1 or 0. */
  FOLLOWS: 1,
  /** The realm that starts the engine's timers, or 0. Rust does not look at it. */
  TIMERS: 2,
  /** The time; infinite as above. */
  TIME: 3,
  /** Length of the array. */
  LENGTH: 4,
});

/**
 * The journal: the hits and writes of JavaScript, and the slots that it has to clear. It is an
 * array `[…head (HEAD), record …(RECORDS), freed slot …(FREED_SLOTS)]`; a record is a slot with bits.
 * The records are a ring.
 */
const JOURNAL = Object.freeze({
  /** Place of the number of records that were written, modulo 2³². JavaScript counts them. */
  RECORDED: 0,
  /**
   * Place of the number of records at which JavaScript has to call: those that were drained and as many as
   * fit, modulo 2³². Rust writes it.
   */
  LIMIT: 1,
  /**
   * Place of the number of hits without a record, as the last record says the same, modulo 2³². JavaScript
   * counts them.
   */
  REPEATED: 2,
  /** The same of overwrites. */
  REPEATED_SETS: 3,
  /** Place of the number of slots to clear. */
  FREED: 4,
  /** Place of the headroom: how many entries the layer still has room for. */
  HEADROOM: 5,
  /** Place of the number of records that insert. */
  INSERTED: 6,
  /** Place of the number of units that keys have taken. */
  KEY_UNITS: 7,
  /** Place of the number of victims: entries that make room next, which JavaScript has to ask for. */
  VICTIMS: 8,
  /** Length of the head. */
  HEAD: 9,
  /** Records that fit, a power of two; JavaScript calls when they are so many. */
  RECORDS: 1024,
  /** Slots to clear that fit; the rest follows at the next call. */
  FREED_SLOTS: 1024,
  /** Length of the array. */
  LENGTH: 2057,
  /** The longest key that an insert may have, in UTF-16; its length is written before it. */
  LONGEST_KEY: 128,
});

/** The counts of a cache in JavaScript, an array for each cache: of everything without a call. */
const COUNTED = Object.freeze({
  /** Hits of a memory layer that several caches use. Those of one alone are in the journal. */
  HITS: 0,
  /** The same of values that were stored. */
  SETS: 1,
  /** Keys that are known to be absent. */
  ABSENCES: 2,
  /** Loads that were joined. Each is a miss. */
  JOINS: 3,
  /** Local loads that began. Each is a miss. */
  LOADS: 4,
  /** Local loads that are over. */
  ENDED: 5,
  /** Of those, the ones that threw. */
  FAILED: 6,
  /** Of those, the ones whose outcome the engine counts, and the ones that were abandoned. */
  REPORTED: 7,
  /** How long the others took in all, in milliseconds. */
  LOAD_MS: 8,
  /** When the oldest local load that runs began, in milliseconds of the clock. */
  OLDEST: 9,
  /** Length of the array. */
  LENGTH: 10,
});

/** The times of an entry, an array: in milliseconds, not a number where that is not known. */
const TIMES = Object.freeze({
  /** Place of the age. */
  AGE: 0,
  /** Place of what is left of the lifetime; infinite where that has no end. */
  LEFT: 1,
  /** Length of the array. */
  LENGTH: 2,
});

/** Bits of a record beside its slot; a record without one is a hit. */
const RECORD = Object.freeze({
  /** In the place of the last record once it was drained: the next one is written, whatever it says. */
  DRAINED: 0xffff_ffff,
  /** The value of the slot was replaced. */
  OVERWRITE: 0x8000_0000,
  /** The value of the slot is to be stored under the next of the keys. */
  INSERT: 0x4000_0000,
});

/** Bits beside a form. */
const FORM_BITS = Object.freeze({
  /** The value is stored under several keys. */
  SEVERAL_KEYS: 8,
  /** So many forms there are at most: an encoding comes with a form as `form + FORMS * encoding`. */
  FORMS: 4,
});

/**
 * What a field is of an event that is told together with others. A number beside it is the field, or the length
 * of the text.
 */
const LINE = Object.freeze({
  /** A number. */
  NUMBER: 0,
  /** The next part of the text that all of them share. */
  TEXT: 1,
  /** It is undefined. */
  NOTHING: 2,
});

/** Sizes of the arrays that an environment shares with JavaScript. */
const SHARED = Object.freeze({
  /** Answers that come later and are told together. */
  BATCH: 256,
  /** Numbers of such an answer: request, code, argument. */
  ANSWER: 3,
  /** Numbers of events that are told together. */
  LINES: 8192,
  /** Requests whose loads can be joined without a call; those beyond are joined by calls. */
  JOINABLE: 4096,
  /** Bytes of the largest value that is handed over in memory that is reused. */
  SCRATCH_BYTES: 65_536,
});

/** Events of what went wrong outside the cache. */
const FAULTS = Object.freeze(['loader:error', 'l1:error', 'l2:error', 'event-bus:publish-error']);

/** Types of events, by number. */
const EVENT_TYPES = Object.freeze(/** @type {const} */ (['hit', 'miss', 'set', 'delete', 'delete-pattern', 'delete-tag', 'loader:start', 'loader:success', 'loader:error', 'loader:timeout', 'load:overtaken', 'inflight:reuse', 'inflight:bypass', 'load:limited', 'stale:hit', 'negative:set', 'l1:error', 'l2:error', 'l2:skipped', 'event-bus:publish-error', 'event-bus:publish-skipped', 'invalidation:received', 'invalidation:duplicate', 'invalidation:stale', 'set:received', 'set:broadcast', 'set:broadcast-skipped', 'bus:status', 'bus:gap']));

/** Methods of users' objects, by number. */
const METHODS = Object.freeze(/** @type {const} */ (['get', 'set', 'has', 'delete', 'deleteByPattern', 'size', 'acquireLock', 'releaseLock', 'publish']));

/** Layers, by number. */
const LEVELS = Object.freeze(/** @type {const} */ (['L1', 'L2']));

/** What did not have a value, by number. */
const MISS_LEVELS = Object.freeze(/** @type {const} */ (['L1', 'L2', 'negative']));

/** Where a value of another instance went, by number. */
const RECEIVED_LEVELS = Object.freeze(/** @type {const} */ (['L1']));

/** Why a load runs that others cannot join, by number. */
const BYPASS_REASONS = Object.freeze(/** @type {const} */ (['maxEntries']));

/** Why a value was not sent to other instances, by number. */
const SKIP_REASONS = Object.freeze(/** @type {const} */ (['max-bytes']));

/** Whether a bus is there, by number. */
const BUS_STATES = Object.freeze(/** @type {const} */ (['connected', 'disconnected']));

/** Why a stale value was served, by number. */
const STALE_REASONS = Object.freeze(/** @type {const} */ (['loader-error', 'soft-timeout', 'hard-timeout', 'load-limit']));

/** Why events of other instances may have been missed, by number. */
const GAP_REASONS = Object.freeze(/** @type {const} */ (['resubscribed', 'sequence', 'silence', 'shared-source']));

/** What became of a load at the limit, by number. */
const LIMIT_OUTCOMES = Object.freeze(/** @type {const} */ (['queued', 'refused']));

/** Which limit a load passed, by number. */
const TIMEOUT_KINDS = Object.freeze(/** @type {const} */ (['soft', 'hard']));

/** States of a circuit, by number. */
const BREAKER_STATES = Object.freeze(/** @type {const} */ (['closed', 'open', 'half-open']));

/** Kinds of messages between instances, by number. */
const MESSAGE_KINDS = Object.freeze(/** @type {const} */ (['del', 'pattern', 'set']));

/** Where an answer came from, by number. */
const SOURCES = Object.freeze(/** @type {const} */ (['L1', 'L2', 'load', 'stale', 'negative']));

/** Which entries make room, by number. */
const POLICIES = Object.freeze(/** @type {const} */ (['lru', 'tinylfu', 's3fifo']));

/** What a payload is encoded as, by number. */
const ENCODINGS = Object.freeze(/** @type {const} */ (['msgpack', 'msgpack-gzip', 'json', 'legacy']));

module.exports = {
  CODE,
  DERIVED,
  TARGET,
  REPORT,
  LOADED,
  FORM,
  BUS_ITEM,
  SESSION_STEP,
  ARRIVAL,
  SESSION_NEWS,
  NOTICE,
  RETRY,
  ANSWER,
  CALL,
  LAYERS,
  PENDING,
  PARAMS,
  BEHALF,
  CLOCK,
  JOURNAL,
  COUNTED,
  TIMES,
  RECORD,
  FORM_BITS,
  LINE,
  SHARED,
  EVENT_TYPES,
  METHODS,
  LEVELS,
  MISS_LEVELS,
  RECEIVED_LEVELS,
  BYPASS_REASONS,
  SKIP_REASONS,
  BUS_STATES,
  STALE_REASONS,
  GAP_REASONS,
  LIMIT_OUTCOMES,
  TIMEOUT_KINDS,
  BREAKER_STATES,
  MESSAGE_KINDS,
  SOURCES,
  POLICIES,
  ENCODINGS,
  FAULTS,
};
