'use strict';
// The values of a memory layer, by slot, and the map that answers hits without a call.

const { JOURNAL, RECORD } = require('./contract/codes.js');
const { OPTION } = require('./contract/options.js');
const { writeOptions } = require('./options/read.js');
const { bridge } = require('./raw.js');
const { look, paced, PACE } = require('./time.js');

const { raw } = bridge;
const FIRST_SLOTS = 256;
/**
 * Slots beyond the entries of a layer: of values that wait, and of those that have left and are still to be cleared.
 */
const SPARE_SLOTS = 2048;
const {
  RECORDED: NOTED,
  LIMIT,
  REPEATED,
  REPEATED_SETS,
  FREED: CLEARED,
  HEADROOM: ROOM,
  INSERTED: STORED,
  LETTERS: WRITTEN,
  VICTIMS: GUARDED,
} = JOURNAL;
const { HEAD, RECORDS: NOTES, FREED_SLOTS: FREED, LENGTH: LEDGER, LONGEST_KEY } = JOURNAL;
const { OVERWRITE: REWRITTEN_BIT, INSERT: STORED_BIT } = RECORD;
/** The notes are a ring: a power of two of them. */
const RING = NOTES - 1;
/** One bit short of a power of two. */
const MOST_REPEATED = 0x3fff_ffff;
/** Letters of the keys of values that wait to be stored. */
const LETTERS = 8192;
/** So many values at most, and a sixteenth of its entries, wait in front of a full layer. */
const MOST_WAITING = 64;
/** @type {Uint16Array} */
const NO_LETTERS = bridge.uint16(0);
/** Batches of freed slots that are cleared at once. */
const SWEPT_PER_TURN = 4;

/** A `Map` takes no more keys than these. What is beyond is answered by calls. */
const LIMITS = { keys: 2 ** 24 };

/**
 * A `Map` takes another table whenever its size has crossed a power of two, and one that crosses it to and fro spends
 * most of its time on that. So what waits stays below.
 * @param {number} capacity
 */
function mostWaiting(capacity) {
  const below = 2 ** (32 - Math.clz32(capacity)) - capacity;
  return Math.min(capacity >>> 4, MOST_WAITING, below);
}

/** Not looked up when it is needed: a test may have replaced it by then, and never run what it is given. */
const soon = setImmediate;

/**
 * A table of slots. The addon knows values by their slot alone; it writes into `words` until when the
 * value of a slot may be answered, and reads from `ledger` which slots were.
 */
class SlotTable {
  /** @param {import('./options/read.js').OptionRecord} [memory] the options of the memory layer that stands on it */
  constructor(memory) {
    const hasMemory = memory !== undefined;
    if (hasMemory) writeOptions(memory);
    /** @type {number} */
    this.id = raw.createStorage(hasMemory);
    this.hasMemory = hasMemory;
    /** Whether the layer is bounded in bytes, so that values have to be weighed. */
    this.weighs = hasMemory && !Number.isNaN(memory[OPTION.LEVELS_L1_MAX_BYTES]);
    /**
     * Whether the front does not know of all that changes or is in the layer, for events of a bus, other keepers of
     * something beside it, or more keys than a map takes: for good.
     */
    this.isShared = false;
    /** Slot by key. @type {Map<string, number>} */
    this.map = new Map();
    /** @type {any[]} */
    this.values = [];
    /** The key that the front answers from a slot, or may. @type {(string | symbol | undefined)[]} */
    this.keys = [];
    /** @type {number[]} */
    this.free = [];
    this.next = 0;
    /** How many caches there have been over it. */
    this.caches = 0;
    /** The first of them. @type {WeakRef<import('./core.js').Core> | undefined} */
    this.first = undefined;
    /**
     * What goes on that the front does not know all of: requests to the addon under way of the caches over it, and one
     * more once it is shared. While there is any, no value is stored and no load led without a call.
     */
    this.busy = 0;
    /** For the pace of looks at the clock. */
    this.passed = 0;
    /** Whether slots are cleared in the next turn of the loop. */
    this.sweeping = false;
    /** @type {Uint16Array} */
    this.letters = NO_LETTERS;
    /** @type {Float64Array} */
    this.words = bridge.float64(FIRST_SLOTS);
    /** @type {Uint32Array} */
    this.ledger = bridge.uint32(LEDGER);
    this.ledger[LIMIT] = NOTES;
    this.ledger[HEAD + RING] = RECORD.DRAINED;
    this.attach(this.words, this.letters);
    bridge.released.storage.register(this, this.id);
    /** The most entries; 0 where another bound or policy may refuse one. */
    this.capacity = this.ledger[ROOM];
    /** The most values that wait in front of a full layer. */
    this.mostWaiting = mostWaiting(this.capacity);
  }

  /**
   * Has the addon write into arrays, which it keeps alive. It copies the old words, and lets go of them afterwards.
   * @param {Float64Array} words
   * @param {Uint16Array} letters
   */
  attach(words, letters) {
    raw.attachStorage(this.id, words, this.ledger, letters);
    this.words = words;
    this.letters = letters;
  }

  /**
   * Puts a value into a slot of its own.
   * @param {string | symbol | undefined} key the key that the front will answer from it, if that is known
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
   * Lets the front answer `key` from `slot`, if the layer holds it there.
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
   * Has the front answer `key` from `slot`, and not from another any more.
   * @param {string} key
   * @param {number} slot
   * @param {number | undefined} other the slot that it did, and may by now be another's
   */
  point(key, slot, other) {
    if (other !== undefined && other !== slot && this.keys[other] === key) this.keys[other] = undefined;
    if (other === undefined && this.map.size >= LIMITS.keys) {
      // From here on there are entries of which the front knows nothing: what is not here may be there.
      this.keys[slot] = undefined;
      this.standAside();
      return;
    }
    this.map.set(key, slot);
  }

  /** Something was answered that the layer does not have to hear of. The clock is looked at after so many. */
  pass() {
    this.passed = (this.passed + 1) & (PACE - 1);
    if (this.passed === 0) paced();
  }

  /**
   * Counts a hit or an overwrite that the last note says as well. The clock is looked at after so many.
   * @param {number} note
   */
  repeat(note) {
    const { ledger } = this;
    const place = note < 0 ? REPEATED_SETS : REPEATED;
    const repeated = ledger[place] + 1;
    ledger[place] = repeated;
    if ((repeated & (PACE - 1)) !== 0) return;
    paced();
    // The layer takes account of them before they are too many for one word.
    if ((repeated & MOST_REPEATED) === 0) raw.replayNotes(this.id, 0);
  }

  /**
   * Notes that a slot was answered, for the order of eviction, or its value replaced. The clock is looked at after so
   * many notes.
   * @param {number} note with its sign, as a number without one may take an allocation
   */
  note(note) {
    const { ledger } = this;
    const noted = ledger[NOTED];
    if ((ledger[HEAD + ((noted - 1) & RING)] | 0) === note) {
      this.repeat(note);
      return;
    }
    if (noted === ledger[LIMIT]) raw.replayNotes(this.id, 0);
    ledger[HEAD + (noted & RING)] = note;
    ledger[NOTED] = noted + 1;
    if ((noted & (PACE - 1)) === 0) paced();
  }

  /**
   * Whether the value of a slot may be answered by the clock itself, where its last reading did not say so.
   * @param {number} slot
   */
  outlives(slot) {
    const until = this.words[slot];
    return until > 0 && until > look();
  }

  /**
   * Whether a value is there but one of the next to go, so that the layer has to be asked.
   * @param {number} slot
   */
  isGuarded(slot) {
    return this.words[slot] < 0;
  }

  /**
   * Puts another value into a slot that may be answered: the layer is told before it decides anything.
   * @param {number} slot
   * @param {unknown} value
   * @param {number} until
   */
  rewrite(slot, value, until) {
    this.values[slot] = value;
    this.words[slot] = until;
    this.note(slot | REWRITTEN_BIT);
  }

  /**
   * Takes a value that is to be stored: the layer is told before it decides or is asked anything. Gives whether it did:
   * long keys take a call, and so do layers so small, or of such options, that what waits would show.
   * @param {string} key
   * @param {unknown} value
   * @param {number} until
   * @param {number | undefined} other the slot that the front has for the key
   */
  store(key, value, until, other) {
    const { length } = key;
    if (this.mostWaiting === 0 || length > LONGEST_KEY || this.map.size >= LIMITS.keys) return false;
    const { ledger } = this;
    // What is next to go makes room for what does not fit, and is not answered without asking.
    if (
      ledger[STORED] - ledger[ROOM] >= ledger[GUARDED] ||
      ledger[NOTED] === ledger[LIMIT] ||
      ledger[WRITTEN] + length >= LETTERS
    ) {
      this.tell(this.mostWaiting);
      if (ledger[ROOM] + ledger[GUARDED] === 0) return false;
    }
    if (this.letters === NO_LETTERS) this.attach(this.words, bridge.uint16(LETTERS));
    // This may make the addon take note of all that waits.
    const slot = this.put(key, value);
    this.words[slot] = until;
    this.point(key, slot, other);
    const { letters } = this;
    let at = ledger[WRITTEN];
    letters[at++] = length;
    for (let index = 0; index < length; index++) letters[at++] = key.charCodeAt(index);
    ledger[WRITTEN] = at;
    const noted = ledger[NOTED];
    ledger[HEAD + (noted & RING)] = slot | STORED_BIT;
    ledger[NOTED] = noted + 1;
    ledger[STORED]++;
    return true;
  }

  /**
   * From here on the layer hears of each write at once. Other threads may change it as well, and take the notes while
   * this one writes another: where they see it before its slot, they find a note of an earlier round there. So none of
   * those may be of a write.
   */
  share() {
    this.standAside();
    this.tell();
    this.ledger.fill(RECORD.DRAINED, HEAD, HEAD + NOTES);
  }

  /** From here on the front does not know of all that is in the layer. */
  standAside() {
    if (this.isShared) return;
    this.isShared = true;
    this.busy++;
  }

  /**
   * Tells the layer what was done in front, and clears the slots of what made room.
   * @param {number} [guarded] how many of the next to go are to be guarded
   */
  tell(guarded = 0) {
    raw.replayNotes(this.id, guarded);
    this.sweep();
  }

  /**
   * Clears slots that nobody holds any more: all of them, unless they are so many that it takes more than one turn of
   * the loop.
   */
  sweep() {
    const { ledger } = this;
    for (let batch = 0; ledger[CLEARED] !== 0; batch++) {
      if (batch === SWEPT_PER_TURN) {
        this.sweepSoon();
        return;
      }
      const count = ledger[CLEARED];
      for (let at = HEAD + NOTES; at < HEAD + NOTES + count; at++) this.clear(ledger[at]);
      ledger[CLEARED] = 0;
      if (count === FREED) raw.reportFreed(this.id);
    }
  }

  sweepSoon() {
    if (this.sweeping) return;
    this.sweeping = true;
    soon(() => {
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

  grow() {
    const { length } = this.words;
    // So many are in use at most, nearly always.
    const likely = this.capacity + SPARE_SLOTS;
    const next = length < likely ? Math.min(length * 2, likely) : length * 2;
    this.attach(bridge.float64(next), this.letters);
  }
}

/**
 * Owner of a slot that several keys share: none of them is answered from the front, where a value may be
 * replaced for one key alone.
 */
const SHARED = Symbol('several keys');

module.exports = { SlotTable, LIMITS, SHARED };
