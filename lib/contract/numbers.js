'use strict';
// Bits, places and sizes that JavaScript and Rust share.
// Generated from src/contract by `npm run contract`.

/** The parts of an answer: a code and its argument. */
const ANSWER = Object.freeze({
  /** Bits of the code; the argument is above them. */
  CODE_BITS: 5,
});

/** The parts of the first argument of a verb. */
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
  /** Operations on stores, or loaded values, wait to be sent: `submit` does. */
  SUBMITS: 2,
});

/** The numbers of an option record beside those of the options. */
const PARAMS = Object.freeze({
  /** Place of the slot of the options of the call, for custom stores. */
  HANDED: 43,
  /** Place of 1 where JavaScript has looked for the key. */
  WAS_READ: 44,
  /** Place of the number under which the source of the answer is asked for. */
  SOURCE: 45,
  /** Place of the texts that are the tags. */
  TAGS: 46,
  /** Place of the text that is the etag. */
  ETAG: 47,
  /** Place of the text that is the version of the stale value, where that is stored. */
  EXTENDS: 48,
  /** Place of 1 where the value is loaded anew, whatever its life. */
  RENEWS: 49,
  /** Place of 1 where a subclass stores the loaded value, and not the engine. */
  OF_OWNER: 50,
  /** Length of the record. */
  LENGTH: 51,
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
  /** Place of the number of victims: entries that make room next, which JavaScript has to ask for. */
  VICTIMS: 7,
  /** Length of the head. */
  HEAD: 8,
  /** The most records, a power of two; JavaScript calls when there are that many. */
  RECORDS: 1024,
  /** The most slots to clear; the rest follows at the next call. */
  FREED_SLOTS: 1024,
  /** Length of the array. */
  LENGTH: 2056,
  /**
   * The longest key that an insert may have, in UTF-16. The keys of waiting inserts are one text, and their
   * lengths an array of bytes.
   */
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
  /** Audits of hits in the memory layer that found the value that was answered. */
  FRESH_L1: 10,
  /** The same in the second layer. */
  FRESH_L2: 11,
  /** Audits of hits in the memory layer that found another value. */
  STALE_L1: 12,
  /** The same in the second layer. */
  STALE_L2: 13,
  /** Audits that came to nothing: their key was written or invalidated meanwhile, or their loader failed. */
  UNKNOWN: 14,
  /** Length of the array. */
  LENGTH: 15,
});

/** The times of an entry, an array: in milliseconds, not a number where that is not known. */
const TIMES = Object.freeze({
  /** Place of the age. */
  AGE: 0,
  /** Place of the rest of the lifetime; infinite where that has no end. */
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
  /** The most forms: an encoding comes with a form as `form + FORMS * encoding`. */
  FORMS: 4,
});

/**
 * The type of a field of an event that is told together with others. A number beside it is the field, or the
 * length of the text.
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

module.exports = {
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
};
