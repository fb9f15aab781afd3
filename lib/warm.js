'use strict';
// The entries of a memory layer in a file: written by `save`, taken back by the option `warm`. See
// docs/decisions/warm-start.md.
//
// The file: a mark with the version, then records, each after its length in four bytes, then the SHA-256 of all that.
// The first record has the time and the name of the cache, the others an entry each, as payloads of the serializer.

const { createHash, randomUUID } = require('node:crypto');
const { readFileSync, rmSync } = require('node:fs');
const { open, rename, rm } = require('node:fs/promises');

const { argument, closed, misuse, optionRange, optionType, reasonOf } = require('./errors.js');
const { count } = require('./options/checks.js');
const { tellUnknown } = require('./options/of-call.js');
const { mustBeObject } = require('./options/read.js');
const { setImmediate } = require('./platform.js');
const { bridge } = require('./raw.js');
const { deserialize, serialize } = require('./serializer/serializer.js');
const { attune } = require('./time.js');
const { adopt } = require('./values/sharing.js');

const { raw } = bridge;

const MARK = Buffer.from('LLCWARM1');
const HASH_BYTES = 32;
const LENGTH_BYTES = 4;
/** How many entries are saved by default. */
const DEFAULT_MAX_ENTRIES = 10_000;
/** The most entries that are looked at, or packed, in one turn. */
const AT_ONCE = 128;
/** A half of a character alone: a key with one would be read back as another key. */
const HALF = /\p{Surrogate}/u;
/** A file that claims to be written later than this, in milliseconds from now, is refused. */
const MOST_AHEAD_MS = 60_000;
/** No tags. @type {string[]} */
const NONE = [];
/** The time left of an entry that does not expire. */
const NO_EXPIRY = -1;

/** @typedef {import('./core.js').Core} Core */
/** @typedef {{ key: string, value: unknown, leftMs: number, tags: string[] }} Held */

/**
 * Writes the most recently used entries to a file.
 * @param {Core} core
 * @param {unknown} file
 * @param {Given} options
 * @returns {Promise<{ entries: number }>}
 */
async function save(core, file, options) {
  if (core.closed) throw closed('save');
  if (typeof file !== 'string' || file === '') throw argument('file', 'the path of a file', file);
  if (!core.mirror.mode.isMirrored && core.skipped === 0)
    throw misuse('save: needs an L1 of this package, without versioning');
  mustBeObject('options', options);
  const most = count('maxEntries', options?.maxEntries ?? DEFAULT_MAX_ENTRIES);
  tellUnknown(core, options, 'save');
  const held = await heldBy(core, most);
  const savedAt = Date.now();
  const records = [record({ savedAt, name: core.name })];
  for (const [at, { key, value, leftMs, tags }] of held.entries()) {
    if (at % AT_ONCE === AT_ONCE - 1) await turn();
    const savedMs = leftMs === Infinity ? NO_EXPIRY : leftMs;
    const packed = packedEntry(isReadAgain(core, tags) ? [key, savedMs] : [key, savedMs, value, tags]);
    if (packed !== undefined) records.push(packed);
  }
  await write(file, [MARK, ...records]);
  return { entries: records.length - 1 };
}

const turn = () => new Promise((resolve) => void setImmediate(resolve));

/**
 * The most recently used entries, in that order.
 * @param {Core} core
 * @param {number} most
 */
async function heldBy(core, most) {
  /** @type {Map<string, Held>} */
  const held = new Map();
  let cursor = 0;
  while (cursor >= 0 && held.size < most && !core.closed) {
    attune();
    cursor = raw.scan(
      core.table.id,
      cursor,
      Math.min(AT_ONCE, most - held.size),
      '*',
      (
        /** @type {string} */ key,
        /** @type {number} */ slot,
        /** @type {number} */ leftMs,
        /** @type {number} */ tagged,
      ) => {
        if (HALF.test(key)) return;
        held.set(key, { key, value: core.table.values[slot], leftMs, tags: tagged === 0 ? NONE : [] });
      },
    );
    if (cursor >= 0) await turn();
  }
  // Those that it has let go of would be missing.
  if (core.closed) throw closed('save');
  for (const { key, tags } of held.values()) {
    if (tags !== NONE) raw.tagsOf(core.target(key, undefined), key, (/** @type {string} */ tag) => void tags.push(tag));
  }
  return [...held.values()];
}

/**
 * Whether an entry is read from Redis again, instead of from the file: there its tags are compared with their counters,
 * and deletes of other instances have had their effect.
 * @param {Core} core
 * @param {string[]} tags
 */
function isReadAgain(core, tags) {
  return core.hasRedis && (core.publishes || tags.length > 0);
}

/** @param {unknown} value */
function record(value) {
  const payload = serialize(value);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(payload.length);
  return Buffer.concat([length, payload]);
}

/**
 * The record of an entry; undefined where its value cannot be packed.
 * @param {unknown[]} entry
 */
function packedEntry(entry) {
  try {
    return record(entry);
  } catch {
    return undefined;
  }
}

/**
 * Writes a file as a whole: a reader finds all of it, or the former contents.
 * @param {string} file
 * @param {Buffer[]} parts
 */
async function write(file, parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  const beside = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(Buffer.concat([...parts, hash.digest()]));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/**
 * Takes back the entries of a file, and deletes it: a later start would take back entries deleted since. If anything is
 * wrong with the file, the cache starts empty.
 * @param {Core} core
 * @param {unknown} given the option `warm`
 */
function warm(core, given) {
  const file = readWarm(given, core);
  const { logger } = core.emitter;
  if (core.publishes && !core.hasRedis) {
    logger.warn(
      `nothing is taken back from ${file}: other instances may have deleted keys meanwhile, on the event bus`,
    );
    return;
  }
  let bytes;
  try {
    bytes = readFileSync(file);
    rmSync(file);
  } catch (error) {
    const { code, message } = /** @type {Foreign} */ (error);
    if (code !== 'ENOENT') logger.warn(`nothing is taken back from ${file}: ${message}`);
    return;
  }
  try {
    takeBack(core, bytes);
  } catch (error) {
    logger.warn(`nothing is taken back from ${file}: ${reasonOf(error)}`);
  }
}

/**
 * @param {Core} core
 * @param {Buffer} bytes
 */
function takeBack(core, bytes) {
  const [head, ...entries] = recordsOf(bytes);
  const { savedAt, name } = /** @type {Foreign} */ (deserialize(head) ?? {});
  const sinceMs = Date.now() - savedAt;
  if (!(sinceMs >= -MOST_AHEAD_MS)) throw new Error('the clock was put back since it was written');
  if (name !== core.name) throw new Error(`it is of the cache ${JSON.stringify(name)}`);
  /** @type {string[]} */
  const again = [];
  let unread = 0;
  // The most recently used entry comes last, so it is the most recent again.
  for (const entry of entries.reverse()) {
    const fields = /** @type {[string, number, unknown?, string[]?] | null} */ (deserialize(entry));
    if (!Array.isArray(fields)) {
      unread++;
      continue;
    }
    const [key, savedMs, ...held] = fields;
    const leftMs = savedMs === NO_EXPIRY ? Infinity : savedMs - Math.max(0, sinceMs);
    if (!(leftMs > 0)) continue;
    const [value, tags] = held;
    if (tags === undefined || isReadAgain(core, tags)) again.push(key);
    else restore(core, key, value, leftMs, tags);
  }
  if (again.length > 0 && core.hasRedis) readAgain(core, again);
  if (unread > 0) core.emitter.logger.warn(`${unread} entries of the file of a warm start cannot be read`);
}

/**
 * Reads keys from Redis, in the background. On a bus of this package once the cache hears the others: it does not keep
 * entries that it has read before.
 * @param {Core} core
 * @param {string[]} keys
 */
function readAgain(core, keys) {
  const begin = () => void readAll(core, keys).catch(() => {});
  if (!core.hears) return begin();
  const heard = (/** @type {boolean} */ isUp) => {
    if (!isUp) return;
    off();
    begin();
  };
  const off = core.emitter.on((/** @type {Foreign} */ { status }) => heard(status === 'connected'), ['bus:status']);
  core.watch();
  // A bus that was up before the cache subscribed tells nothing.
  setImmediate(() => heard(!core.closed && raw.hears(core.id)));
}

/**
 * @param {Core} core
 * @param {string[]} keys
 */
async function readAll(core, keys) {
  for (let at = 0; at < keys.length && !core.closed; at += AT_ONCE) {
    await Promise.all(keys.slice(at, at + AT_ONCE).map((key) => core.get(key)));
  }
}

/**
 * @param {Core} core
 * @param {string} key
 * @param {unknown} value
 * @param {number} leftMs
 * @param {string[]} tags
 */
function restore(core, key, value, leftMs, tags) {
  const { table } = core;
  const adopted = adopt(table, value);
  const slot = table.put(undefined, adopted);
  raw.restore(core.id, key, slot, core.weigh(adopted), leftMs, core.keepsTags ? tags : NONE);
  core.mirror.link(key, slot);
  table.sweep();
}

/**
 * The payloads of a file. Throws if the file is of another kind, or damaged.
 * @param {Buffer} bytes
 */
function recordsOf(bytes) {
  if (!bytes.subarray(0, MARK.length).equals(MARK))
    throw new Error('it is not a file of saved entries of this version');
  const end = bytes.length - HASH_BYTES;
  const hash = createHash('sha256')
    .update(bytes.subarray(0, Math.max(0, end)))
    .digest();
  if (end < MARK.length || !hash.equals(bytes.subarray(end))) throw new Error('it is damaged');
  const records = [];
  for (let at = MARK.length; at < end;) {
    const length = bytes.readUInt32LE(at);
    at += LENGTH_BYTES + length;
    if (at > end) throw new Error('it is damaged');
    records.push(bytes.subarray(at - length, at));
  }
  return records;
}

/**
 * The file of saved entries that a cache takes back.
 * @param {unknown} warm
 * @param {Core} core
 * @returns {string}
 */
function readWarm(warm, { ownsTable, mirror }) {
  if (typeof warm !== 'string' || warm === '') throw optionType('warm', 'the path of a file', warm);
  const allowed = 'left out without an L1 of its own, and with versioning';
  if (!ownsTable || !mirror.mode.isMirrored) throw optionRange('warm', allowed, warm);
  return warm;
}

module.exports = { save, warm };
