'use strict';
// The journal of a memory layer: an array in which the mirror records its hits and writes, in order. The addon
// drains it before it reads or decides anything about the layer, and when it is full.

const { JOURNAL, RECORD } = require('../contract/numbers.js');
const { bridge } = require('../raw.js');
const { paced, PACE } = require('../time.js');

const { raw } = bridge;
const { RECORDED, LIMIT, REPEATED, REPEATED_SETS, HEADROOM, INSERTED, VICTIMS } = JOURNAL;
const { HEAD, RECORDS, LENGTH, LONGEST_KEY } = JOURNAL;
const { OVERWRITE, INSERT, DRAINED } = RECORD;
/** The records are a ring: a power of two of them. */
const RING = RECORDS - 1;
/** One bit short of a power of two. */
const MOST_REPEATED = 0x3fff_ffff;
/** No insert adds its key to a text that has as many units of UTF-16. */
const MOST_KEY_UNITS = 8192;
/** The most inserts that wait for a drain when the layer is full; a sixteenth of its entries at most. */
const MOST_WAITING = 64;
/** @type {Uint8Array} */
const NO_USES = bridge.uint8(0);

/**
 * A `Map` takes another table whenever its size crosses a power of two. So the entries of a full layer and the inserts
 * that wait stay below the next one.
 * @param {number} capacity of the layer
 */
function mostWaiting(capacity) {
  const below = 2 ** (32 - Math.clz32(capacity)) - capacity;
  return Math.min(capacity >>> 4, MOST_WAITING, below);
}

class Journal {
  /** @param {number} storage the number of the addon's storage */
  constructor(storage) {
    this.storage = storage;
    /** The head, the ring of records, and the slots that the addon has freed. @type {Uint32Array} */
    this.words = bridge.uint32(LENGTH);
    this.words[LIMIT] = RECORDS;
    this.words[HEAD + RING] = DRAINED;
    /** The keys of inserts, one after the other. */
    this.text = bridge.growingText();
    /** The length of each. @type {Uint8Array} */
    this.lengths = bridge.uint8(RECORDS);
    /** Of the last key. Stored, as V8 leaves out reads without a use. */
    this.firstUnit = 0;
    /** The most entries of the layer; 0 where another bound or policy may refuse one. */
    this.capacity = 0;
    this.mostWaiting = 0;
    /** How often the mirror has answered each slot; empty where the records tell. @type {Uint8Array} */
    this.uses = NO_USES;
  }

  /** The addon has the arrays, and has written how much room the layer has. */
  attached() {
    this.capacity = this.words[HEADROOM];
    this.mostWaiting = mostWaiting(this.capacity);
  }

  /** @param {number} slot that was answered */
  hit(slot) {
    this.record(slot);
  }

  /**
   * Records several hits.
   * @param {Uint32Array} slots
   * @param {number} count from 1 to as many as one look at the clock serves
   */
  hits(slots, count) {
    const { words } = this;
    const first = words[RECORDED] | 0;
    if (((words[LIMIT] - first) | 0) < count) this.drain(0);
    for (let at = 0; at < count; at++) words[HEAD + ((first + at) & RING)] = slots[at];
    words[RECORDED] = first + count;
    // As `record`, which looks when it writes the first one after every few.
    if (((first - 1) ^ (first + count - 1)) & -PACE) paced();
  }

  /**
   * Makes room for at least this number of slots. The addon gets the arrays next.
   * @param {number} _slots
   */
  makeRoom(_slots) {}

  /** @param {number} slot whose value was replaced, and its word written */
  overwrite(slot) {
    this.record(slot | OVERWRITE);
  }

  /**
   * Looks at the clock after every few records, and after every few hits without a record.
   * @param {number} record with its sign, as a number without one may take an allocation
   */
  record(record) {
    const { words } = this;
    const recorded = words[RECORDED];
    if ((words[HEAD + ((recorded - 1) & RING)] | 0) === record) {
      this.repeat(record);
      return;
    }
    if (recorded === words[LIMIT]) this.drain(0);
    words[HEAD + (recorded & RING)] = record;
    words[RECORDED] = recorded + 1;
    if ((recorded & (PACE - 1)) === 0) paced();
  }

  /**
   * Counts a hit or an overwrite that the last record says as well.
   * @param {number} record
   */
  repeat(record) {
    const { words } = this;
    const place = record < 0 ? REPEATED_SETS : REPEATED;
    const repeated = words[place] + 1;
    words[place] = repeated;
    if ((repeated & (PACE - 1)) !== 0) return;
    paced();
    // The addon takes them over before they are too many for one word.
    if ((repeated & MOST_REPEATED) === 0) this.drain(0);
  }

  /**
   * Whether inserts of a key may ever wait. Long keys take a call. So do the keys of layers that are so small, or have
   * such a bound or policy, that waiting would be observable.
   * @param {string} key
   */
  takes(key) {
    return this.mostWaiting !== 0 && key.length <= LONGEST_KEY;
  }

  /**
   * Whether an insert fits. Victims make room for inserts beyond the layer's headroom; the mirror does not answer
   * victims.
   */
  get fits() {
    const { words } = this;
    const inserted = words[INSERTED];
    return (
      inserted - words[HEADROOM] < words[VICTIMS] &&
      words[RECORDED] !== words[LIMIT] &&
      (inserted === 0 || this.text[0].length < MOST_KEY_UNITS)
    );
  }

  /** Whether the layer has room for an insert, or victims for one. */
  get hasRoom() {
    return this.words[HEADROOM] + this.words[VICTIMS] !== 0;
  }

  /**
   * Records an insert that fits.
   * @param {number} slot whose word is written
   * @param {string} key
   */
  insert(slot, key) {
    const { words, text } = this;
    // To read a unit makes V8 put the parts of a template together: later lookups compare with the key faster.
    this.firstUnit = key.charCodeAt(0);
    const inserted = words[INSERTED];
    text[0] = inserted === 0 ? key : text[0] + key;
    this.lengths[inserted] = key.length;
    words[INSERTED] = inserted + 1;
    const recorded = words[RECORDED];
    words[HEAD + (recorded & RING)] = slot | INSERT;
    words[RECORDED] = recorded + 1;
  }

  /**
   * Makes the addon take over all records.
   * @param {number} victims the most entries to choose that make room next
   */
  drain(victims) {
    raw.drainJournal(this.storage, victims);
  }

  /**
   * Overwrites records that were drained. From here on other threads may drain the journal while this one writes a
   * record: they may see the number of the record before the record itself, and read an old one in its place. The old
   * one must not be a write.
   */
  forget() {
    this.words.fill(DRAINED, HEAD, HEAD + RECORDS);
  }
}

module.exports = { Journal };
