'use strict';
// The values of a storage, by slot. The addon knows a value only by its slot. Each slot has a word in shared memory:
// the end of the time in which the mirror may answer the value; 0 if it may not; below 0 for a victim, which takes a
// call.

const { JOURNAL } = require('../contract/numbers.js');
const { OPTION } = require('../contract/options.js');
const { DEFAULT_L1_MAX_ENTRIES } = require('../contract/values.js');
const { POLICIES } = require('../contract/words.js');
const { writeOptions } = require('../options/read.js');
const { setImmediate } = require('../platform.js');
const { bridge } = require('../raw.js');
const { look } = require('../time.js');
const { CountingJournal } = require('./counting-journal.js');
const { Journal } = require('./journal.js');
const { LayerMode } = require('./mode.js');

const { raw } = bridge;
const { FREED, HEAD, RECORDS, FREED_SLOTS } = JOURNAL;
const FIRST_SLOTS = 256;
/** Slots beyond the entries of a layer: of inserts that wait, and of entries that left and are still to be cleared. */
const SPARE_SLOTS = 2048;
/** Batches of freed slots that are cleared at once. */
const SWEPT_PER_TURN = 4;

/** A `Map` takes no more keys than these. The other entries are found by calls. */
const LIMITS = { keys: 2 ** 24 };

/**
 * The clock counts whole microseconds. Sums of its milliseconds, such as the ends of lives, may be wrong in their last
 * bit: an entry with less than half a microsecond left has come to its end.
 */
const LEAST_MS = 0.0005;

/** @typedef {(typeof POLICIES)[number]} Policy */

/** @param {import('../options/read.js').OptionRecord} record */
function boundsOf(record) {
  const maxEntries = record[OPTION.LEVELS_L1_MAX_ENTRIES];
  const policy = record[OPTION.LEVELS_L1_POLICY];
  return {
    maxEntries: Number.isNaN(maxEntries) ? DEFAULT_L1_MAX_ENTRIES : maxEntries,
    policy: POLICIES[Number.isNaN(policy) ? 0 : policy],
  };
}

class SlotTable {
  /**
   * @param {import('../options/read.js').OptionRecord} [memory] the options of its memory layer, if it has one
   * @param {import('../options/values.js').Sharing} [sharing] how it shares its values
   * @param {boolean} [isWatched] whether it is told of each value that is stored
   */
  constructor(memory, sharing = 'reference', isWatched = false) {
    const hasMemory = memory !== undefined;
    if (hasMemory) writeOptions(memory);
    /** @type {number} */
    this.id = raw.createStorage(hasMemory);
    this.hasMemory = hasMemory;
    /** Whether each value is weighed, as the layer is bounded in bytes. */
    this.weighs = hasMemory && !Number.isNaN(memory[OPTION.LEVELS_L1_MAX_BYTES]);
    this.sharing = sharing;
    this.mode = new LayerMode(this.weighs || sharing !== 'reference' || isWatched);
    /** What its memory layer may hold. @type {{ maxEntries: number, policy: Policy } | undefined} */
    this.memory = memory && boundsOf(memory);
    this.journal = this.memory?.policy === 's3fifo' ? new CountingJournal(this.id) : new Journal(this.id);
    /** Slot by key. @type {Map<string, number>} */
    this.map = new Map();
    /** @type {any[]} */
    this.values = [];
    /** The key that the mirror answers from a slot, or may. @type {(string | symbol | undefined)[]} */
    this.keys = [];
    /** @type {number[]} */
    this.free = [];
    this.next = 0;
    /** The first cache over it. @type {WeakRef<import('../core.js').Core> | undefined} */
    this.first = undefined;
    /** Whether slots are cleared in the next turn of the loop. */
    this.sweeping = false;
    /** @type {Float64Array} */
    this.words = bridge.float64(FIRST_SLOTS);
    this.attach(this.words);
    bridge.released.storage.register(this, this.id);
    this.journal.attached();
  }

  /**
   * Makes the addon write into arrays, which it keeps alive. It copies the old words, and releases them afterwards.
   * @param {Float64Array} words
   */
  attach(words) {
    const { journal } = this;
    journal.makeRoom(words.length);
    raw.attachStorage(this.id, words, journal.words, journal.lengths, journal.uses, journal.text);
    this.words = words;
  }

  /**
   * Puts a value into a slot of its own.
   * @param {string | symbol | undefined} key the key that the mirror will answer from it, if that is known
   * @param {unknown} value
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
   * Makes the mirror answer `key` from `slot`, if the layer holds it there.
   * @param {string} key
   * @param {number} slot
   */
  link(key, slot) {
    if (!(this.words[slot] > 0)) return;
    const owner = this.keys[slot];
    if (owner === undefined) this.keys[slot] = key;
    else if (owner !== key) return;
    const other = this.map.get(key);
    if (other !== slot) this.point(key, slot, other);
  }

  /**
   * Makes the mirror answer `key` from `slot`, and no longer from another slot.
   * @param {string} key
   * @param {number} slot
   * @param {number | undefined} other the slot until now, which may be another key's by now
   */
  point(key, slot, other) {
    if (other !== undefined && other !== slot && this.keys[other] === key) this.keys[other] = undefined;
    if (other === undefined && this.isFull) {
      // From here on the layer holds entries that the mirror does not know.
      this.keys[slot] = undefined;
      this.mode.becomePartial();
      return;
    }
    this.map.set(key, slot);
  }

  /** Whether the `Map` takes no further key. */
  get isFull() {
    return this.map.size >= LIMITS.keys;
  }

  /**
   * Whether the value of a slot may be answered by a new look at the clock, where the last look did not allow it.
   * @param {number} slot
   */
  outlives(slot) {
    if (!(this.words[slot] > 0)) return false;
    // The look comes first: after a freeze of the process it zeroes the words.
    const now = look();
    return this.words[slot] - now > LEAST_MS;
  }

  /**
   * Whether the entry in a slot is a victim, so that a read of it takes a call.
   * @param {number} slot
   */
  isVictim(slot) {
    return this.words[slot] < 0;
  }

  /**
   * Replaces the value of a slot that may be answered.
   * @param {number} slot
   * @param {unknown} value
   * @param {number} until
   */
  overwrite(slot, value, until) {
    this.values[slot] = value;
    this.words[slot] = until;
    this.journal.overwrite(slot);
  }

  /**
   * Queues a new entry in the journal. Returns false where that takes a call.
   * @param {string} key
   * @param {unknown} value
   * @param {number} until
   * @param {number | undefined} other the slot from which the key was answered until now
   */
  insert(key, value, until, other) {
    const { journal } = this;
    if (!journal.takes(key) || this.isFull) return false;
    if (!journal.fits) {
      this.drain(journal.mostWaiting);
      if (!journal.hasRoom) return false;
    }
    // May grow the arrays, and so drain the journal.
    const slot = this.put(key, value);
    this.words[slot] = until;
    this.point(key, slot, other);
    journal.insert(slot, key);
    return true;
  }

  /** From here on others change the layer, also on other threads: every write is a call. */
  becomePartial() {
    this.mode.becomePartial();
    this.drain();
    this.journal.forget();
  }

  /**
   * Drains the journal, and clears the slots of the entries that made room.
   * @param {number} [victims] the most entries to choose that make room next
   */
  drain(victims = 0) {
    this.journal.drain(victims);
    this.sweep();
  }

  /** A cache stands on the layer from now on. @param {import('../core.js').Core} _core */
  joinedBy(_core) {}

  /** Clears slots without handles. If there are very many, the rest follows in the next turn of the loop. */
  sweep() {
    const { words } = this.journal;
    for (let batch = 0; words[FREED] !== 0; batch++) {
      if (batch === SWEPT_PER_TURN) {
        this.sweepSoon();
        return;
      }
      const count = words[FREED];
      for (let at = HEAD + RECORDS; at < HEAD + RECORDS + count; at++) this.clear(words[at]);
      words[FREED] = 0;
      if (count === FREED_SLOTS) raw.reportFreed(this.id);
    }
  }

  sweepSoon() {
    if (this.sweeping) return;
    this.sweeping = true;
    setImmediate(() => {
      this.sweeping = false;
      this.sweep();
    });
  }

  /** @param {number} slot */
  clear(slot) {
    const key = this.keys[slot];
    if (typeof key === 'string') this.map.delete(key);
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.words[slot] = 0;
    this.free.push(slot);
  }

  /** Forgets the absences: they hold for one cache, and now there are several. */
  forgetAbsences() {
    for (const [key, slot] of this.map) {
      if (this.values[slot] !== undefined) continue;
      this.keys[slot] = undefined;
      this.map.delete(key);
    }
  }

  grow() {
    const { length } = this.words;
    // Nearly always no more are in use.
    const likely = this.journal.capacity + SPARE_SLOTS;
    const next = length < likely ? Math.min(length * 2, likely) : length * 2;
    this.attach(bridge.float64(next));
  }
}

/**
 * The owner of a slot that several keys use. The mirror answers none of them, as it may replace the value for one
 * key alone.
 */
const OF_SEVERAL_KEYS = Symbol('several keys');

module.exports = { SlotTable, LIMITS, OF_SEVERAL_KEYS };
