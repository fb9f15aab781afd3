'use strict';
// Finds keys of a call in the mirror.

const { COUNTED } = require('../contract/numbers.js');
const { keyText } = require('../keys.js');
const { bridge } = require('../raw.js');
const { isReal, PACE } = require('../time.js');

const { clock } = bridge;

const iterate = Array.prototype[Symbol.iterator];

/** @type {Set<any>} */
const NO_KEYS = new Set();

/** The slots of hits that are recorded together. */
const hits = new Uint32Array(PACE);

/** Keys that the mirror does not know about, each once. A number and its decimal string are two forms of one key. */
class Unknown {
  constructor() {
    /** The first form of each, in order. @type {any[]} */
    this.keys = [];
    /** The forms of each key, by its text; from the first key on that is no string. @type {Map<string, any[]>} */
    this.forms = new Map();
    this.hasForms = false;
  }

  /**
   * @param {string} text
   * @param {EntryKey} key which was not added before in this form
   */
  add(text, key) {
    if (!this.hasForms) {
      if (typeof key === 'string') {
        this.keys.push(key);
        return;
      }
      this.hasForms = true;
      for (const other of this.keys) this.forms.set(other, [other]);
    }
    const forms = this.forms.get(text);
    if (forms !== undefined) {
      forms.push(key);
      return;
    }
    this.forms.set(text, [key]);
    this.keys.push(key);
  }

  /**
   * The forms of each key, in order.
   * @returns {Iterable<any[]>}
   */
  allForms() {
    return this.hasForms ? this.forms.values() : this.keys.map((key) => [key]);
  }

  /**
   * Puts values that were found into the places that were kept for them.
   * @param {Map<any, unknown>} values
   * @param {unknown[]} found in the order of the keys
   */
  place(values, found) {
    if (!this.hasForms) {
      const { keys } = this;
      for (let at = 0; at < keys.length; at++) placeOne(values, keys[at], found[at]);
      return values;
    }
    let at = 0;
    for (const forms of this.forms.values()) {
      for (const key of forms) placeOne(values, key, found[at]);
      at++;
    }
    return values;
  }
}

/**
 * @param {Map<any, unknown>} values
 * @param {EntryKey} key
 * @param {unknown} value
 */
function placeOne(values, key, value) {
  if (value === undefined) values.delete(key);
  else values.set(key, value);
}

/**
 * Takes the values of the first keys, as long as the mirror has them, of at most as many keys as one look at the clock
 * serves. Records the hits together, which takes less than one by one.
 * @param {import('../core.js').Core} core
 * @param {readonly any[]} keys
 * @param {number} from the first key
 * @param {Map<any, unknown>} values
 * @returns {number} how many keys it has taken
 */
function takeHits({ mirror, table }, keys, from, values) {
  if (!isReal()) return 0;
  const { map } = mirror;
  const now = clock[0];
  const most = Math.min(keys.length - from, PACE);
  let { size } = values;
  let taken = 0;
  let count = 0;
  for (; taken < most; taken++) {
    const key = keys[from + taken];
    if (typeof key !== 'string') break;
    const slot = map.get(key);
    if (slot === undefined || !(table.words[slot] > now)) break;
    const value = table.values[slot];
    if (value === undefined) break;
    values.set(key, value);
    if (values.size === size) continue;
    size++;
    hits[count++] = slot;
  }
  if (count !== 0) {
    mirror.journal.hits(hits, count);
    if (mirror.countsAlone) mirror.counted[COUNTED.HITS] += count;
  }
  return taken;
}

/**
 * Takes the values that the mirror has. An absent value keeps the place of each key that it does not know. The size of
 * the map shows whether a key has come before: a look for each key would take a seventh of the time.
 * @param {import('../core.js').Core} core
 * @param {Iterable<any>} given
 * @param {(key: any) => boolean} isLeftOut
 */
function lookUp(core, given, isLeftOut) {
  const { mirror, table } = core;
  /** @type {Map<any, unknown>} */
  const values = new Map();
  let rest = given;
  const isPlain = Array.isArray(given) && given[Symbol.iterator] === iterate;
  if (isPlain && !core.emitter.hearsHits && !mirror.isListened) {
    let at = 0;
    for (let taken = PACE; taken === PACE; at += taken) taken = takeHits(core, given, at, values);
    if (at === given.length) return { values, unknown: undefined };
    if (at > 0) rest = [...given].slice(at);
  }
  /** @type {Set<any>} */
  let absent = NO_KEYS;
  /** @type {Unknown | undefined} */
  let unknown;
  let { size } = values;
  for (const key of rest) {
    let text = key;
    if (typeof key !== 'string') {
      if (isLeftOut(key)) continue;
      text = keyText(key);
    }
    const slot = mirror.slotOf(text);
    // Read before the handlers run: one may delete the key, and the slot be another's.
    const value = slot < 0 ? undefined : table.values[slot];
    if (slot >= 0 && value === undefined) {
      if (absent.has(key)) continue;
      if (absent === NO_KEYS) absent = new Set();
      absent.add(key);
      mirror.answerAbsent(key);
      continue;
    }
    // It may have come before, and have expired since.
    if (slot < 0 && values.has(key)) continue;
    values.set(key, value);
    if (values.size === size) continue;
    size++;
    if (slot >= 0) mirror.note(key, slot);
    else (unknown ??= new Unknown()).add(core.entryText(key), key);
  }
  return { values, unknown };
}

module.exports = { lookUp, Unknown };
