'use strict';
// The values of a memory layer, by slot, and the map that answers hits without a call.

const { bridge } = require('./raw.js');

const { raw, NOTES, FREED, LEDGER } = bridge;
const FIRST_SLOTS = 256;
/** The bit of a note that says that the value was replaced, see src/front.rs. */
const REWRITTEN = 0x8000_0000;

/** Storages are released when nothing uses their table any more. */
const released = new FinalizationRegistry((/** @type {number} */ id) => {
  raw.releaseStorage(id);
  arrays.delete(id);
});

/** What the addon writes into, by storage: alive until the storage is released. @type {Map<number, unknown>} */
const arrays = new Map();

/**
 * A table of slots. The addon knows values by their slot alone; it writes into `words` until when the
 * value of a slot may be answered, and reads from `ledger` which slots were.
 */
class SlotTable {
  /** @param {boolean} hasMemory whether a memory layer stands on it; its options are read from the params */
  constructor(hasMemory) {
    /** @type {number} */
    this.id = raw.createStorage(hasMemory ? 1 : 0);
    this.hasMemory = hasMemory;
    /** Whether the layer is bounded in bytes, so that values have to be weighed. */
    this.weighs = false;
    /** Whether events of a bus change the layer while this thread runs: then no value is replaced without a call. */
    this.isShared = false;
    /** Slot by key. @type {Map<string, number>} */
    this.map = new Map();
    /** @type {any[]} */
    this.values = [];
    /** @type {(string | undefined)[]} */
    this.keys = [];
    /** @type {number[]} */
    this.free = [];
    this.next = 0;
    this.words = new Float64Array(FIRST_SLOTS);
    this.ledger = new Uint32Array(LEDGER);
    raw.attachStorage(this.id, this.words, this.ledger);
    released.register(this, this.id);
    arrays.set(this.id, [this.words, this.ledger]);
  }

  /**
   * Puts a value into a slot of its own.
   * @param {string | undefined} key the key it is stored under; undefined when it is not stored
   * @param {any} value
   * @returns {number}
   */
  put(key, value) {
    const slot = this.free.length > 0 ? /** @type {number} */ (this.free.pop()) : this.next++;
    if (slot >= this.words.length) this.grow();
    this.values[slot] = value;
    this.keys[slot] = key;
    return slot;
  }

  /**
   * Lets the front answer `key` from `slot`, if the layer holds it there.
   * @param {string} key
   * @param {number} slot
   */
  link(key, slot) {
    if (!(this.words[slot] > 0)) return;
    const owner = this.keys[slot];
    if (owner === undefined) this.keys[slot] = key;
    else if (owner !== key) return;
    this.map.set(key, slot);
  }

  /**
   * Notes that a slot was answered, for the order of eviction, or its value replaced.
   * @param {number} note
   */
  note(note) {
    const ledger = this.ledger;
    const count = ledger[0];
    if (count !== 0 && ledger[count + 1] === note) return;
    if (count === NOTES) {
      raw.replayNotes(this.id);
      ledger[0] = 1;
      ledger[2] = note;
      return;
    }
    ledger[count + 2] = note;
    ledger[0] = count + 1;
  }

  /**
   * Puts another value into a slot that may be answered: the layer is told before it decides anything.
   * @param {number} slot
   * @param {any} value
   * @param {number} until
   */
  rewrite(slot, value, until) {
    this.values[slot] = value;
    this.words[slot] = until;
    this.note((slot | REWRITTEN) >>> 0);
  }

  /** Clears the slots that nobody holds any more. */
  sweep() {
    const ledger = this.ledger;
    while (ledger[1] !== 0) {
      const count = ledger[1];
      for (let at = 2 + NOTES; at < 2 + NOTES + count; at++) this.clear(ledger[at]);
      ledger[1] = 0;
      if (count === FREED) raw.reportFreed(this.id);
    }
  }

  /** @param {number} slot */
  clear(slot) {
    const key = this.keys[slot];
    if (key !== undefined && this.map.get(key) === slot) this.map.delete(key);
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.words[slot] = 0;
    this.free.push(slot);
  }

  grow() {
    const words = new Float64Array(this.words.length * 2);
    // The addon copies the old words: they are let go of afterwards.
    raw.attachStorage(this.id, words, this.ledger);
    this.words = words;
    arrays.set(this.id, [words, this.ledger]);
  }
}

/**
 * Owner of a slot that several keys share: none of them is answered from the front, where a value may be
 * replaced for one key alone.
 */
const SHARED = '\0several keys';

module.exports = { SlotTable, SHARED };
