'use strict';
// Answers with their source, age and lifetime, and the entries of the memory layer.

const { TIMES } = require('./contract/numbers.js');
const { SOURCES } = require('./contract/words.js');
const { argument, closed } = require('./errors.js');
const { isNoKey, keyText } = require('./keys.js');
const { bridge } = require('./raw.js');
const { copyOf } = require('./records.js');

const { raw } = bridge;

/** Where the addon writes the times of an entry. @type {Float64Array} */
const times = bridge.float64(TIMES.LENGTH);

/** @typedef {import('../types/entry.js').EntryResult<any>} EntryResult */

/**
 * @param {unknown} value
 * @param {EntryResult['source']} source
 * @param {boolean} [isTimed] whether the addon has just written its times
 * @returns {EntryResult}
 */
function result(value, source, isTimed = false) {
  const known = (/** @type {number} */ place) => (isTimed && !Number.isNaN(times[place]) ? times[place] : undefined);
  return { value, source, ageMs: known(TIMES.AGE), ttlMs: known(TIMES.LEFT) };
}

/**
 * The value of the memory layer for a key; its times are written.
 * @param {import('./core.js').Core} core
 * @param {string} text of the key
 * @returns {{ value: any } | undefined} undefined when it holds none
 */
function held(core, text) {
  const slot = raw.peek(core.target(text, undefined), text, times);
  return slot < 0 ? undefined : { value: core.table.values[slot] };
}

/**
 * @param {import('./core.js').Core} core
 * @param {EntryKey} key
 * @returns {Promise<EntryResult>}
 */
function getEntry(core, key) {
  if (isNoKey(key) && !core.closed) return Promise.resolve(result(undefined, 'none'));
  return answered(core, key, 'none', undefined, (record) => {
    const text = core.entryText(key);
    if (core.closed) throw closed('getEntry');
    if (core.mirror.isListened) core.mirror.slotOf(text);
    return core.askWith(raw.get, key, record);
  });
}

/**
 * @param {import('./core.js').Core} core
 * @param {EntryKey} key
 * @param {(context?: any) => any} loader
 * @param {Given} options
 * @returns {Promise<EntryResult>}
 */
async function getOrSetEntry(core, key, loader, options) {
  if (typeof loader !== 'function') throw argument('loader', 'a function', loader);
  return answered(core, key, 'joined', core.read(options), (record) => core.loadRead(key, record, loader));
}

/**
 * Makes a call that has its source noted.
 * @param {import('./core.js').Core} core
 * @param {EntryKey} key
 * @param {'none' | 'joined'} otherwise the source of an answer of which the addon noted none
 * @param {import('./options/read.js').OptionRecord | undefined} options of the call
 * @param {(record: import('./options/read.js').OptionRecord) => Promise<any>} call
 * @returns {Promise<EntryResult>}
 */
async function answered(core, key, otherwise, options, call) {
  const asked = raw.askSource();
  const record = copyOf(options, { source: asked });
  let source = -1;
  let value;
  try {
    value = await call(record);
  } finally {
    source = raw.takeSource(asked, times);
    // The load may go on with these options, and another call get the number.
    record.source = undefined;
  }
  if (source >= 0) return withTags(core, key, withKnownLife(core, key, result(value, SOURCES[source], true)));
  // It has the times of the entry, if the entry still has the value of this load.
  const isTimed = otherwise === 'joined' && !core.closed && held(core, keyText(key))?.value === value;
  return withTags(core, key, result(value, otherwise, isTimed));
}

/**
 * The second layer may tell no lifetime, which the addon notes as one without an end. That is true of an entry that
 * memory has taken over.
 * @param {import('./core.js').Core} core
 * @param {EntryKey} key
 * @param {EntryResult} entry
 */
function withKnownLife(core, key, entry) {
  if (entry.source !== 'L2' || entry.ttlMs !== Infinity) return entry;
  const isHeld = !core.closed && held(core, keyText(key)) !== undefined;
  return isHeld ? entry : { ...entry, ttlMs: undefined };
}

/**
 * Adds the tags of the entry in memory, if it has some.
 * @param {import('./core.js').Core} core
 * @param {EntryKey} key
 * @param {EntryResult} entry
 */
function withTags(core, key, entry) {
  if (!core.keepsTags || core.closed || entry.value === undefined) return entry;
  /** @type {string[]} */
  const tags = [];
  const text = keyText(key);
  raw.tagsOf(core.target(text, undefined), text, (/** @type {string} */ tag) => void tags.push(tag));
  return tags.length === 0 ? entry : { ...entry, tags };
}

module.exports = { getEntry, getOrSetEntry, held };
