'use strict';
// Why a layer has a key, or has not: by a look at the layer, and by the kept events.

const { reasonOf } = require('../errors.js');
const { describe: entryIn } = require('../inspect.js');
const { isInspectableStore } = require('../inspectable.js');
const { memoryCoreOf } = require('../memory-store.js');
const { bridge } = require('../raw.js');
const { lookOf } = require('../redis/layer.js');
const { encode } = require('./json.js');
const { concerns, duration, gone, whyNot } = require('./why.js');
const { serialize } = require('../serializer/serializer.js');
const { estimateValueBytes } = require('../serializer/sizes.js');
const { attune } = require('../time.js');

const { raw } = bridge;

/** The pages of a custom layer that are searched for one key, each with the most entries that a page may have. */
const PAGES = 20;
const PAGE = 10_000;
const EVENTS = 100;

/**
 * The entry of a key in a custom layer with `inspect`, searched page by page. The key is not a pattern: `?` takes the
 * place of each `*`, and the keys that match are compared.
 * @param {Foreign} layer
 * @param {string} key
 * @param {number} maxValueBytes values beyond are not shown
 */
async function entryOf(layer, key, maxValueBytes) {
  const match = key.replace(/\*/g, '?');
  /** @type {string | undefined} */
  let cursor;
  for (let page = 0; page < PAGES; page++) {
    const from = cursor === undefined ? {} : { cursor };
    const { keys, cursor: next } = await layer.inspect({ match, limit: PAGE, maxValueBytes, ...from });
    const found = keys.find((/** @type {KeyInspection} */ entry) => entry.key === key);
    if (found !== undefined || next === undefined) return found;
    cursor = next;
  }
  return undefined;
}

/** @typedef {import('../../types/inspect.js').KeyInspection} KeyInspection */
/** @typedef {import('./why.js').About} About */
/** @typedef {{ key: string, bytes?: string }} Asked of `api/key` */

/**
 * @typedef {object} Kept the entry, the stale copy and the absence of a key in memory
 * @property {Foreign | undefined} entry
 * @property {string} stored the key under which the first layer has it
 * @property {string} second the same of the second layer
 * @property {{ ageMs: number, leftMs: number | null } | null} stale the copy for loads that fail
 * @property {number | null} absentMs for how long its absence is known
 */

/**
 * @param {import('../core.js').Core} core
 * @param {string} key
 * @param {number} maxValueBytes
 * @returns {Kept}
 */
function memoryOf(core, key, maxValueBytes) {
  attune();
  /** @type {Foreign | undefined} */
  let entry;
  const visit = (/** @type {number} */ slot, /** @type {number} */ left, /** @type {number} */ ageMs) => {
    const shown = entryIn({ key, value: core.table.values[slot], left }, { includeValues: true, maxValueBytes });
    entry = { ...shown, ageMs: Math.round(ageMs) };
  };
  const rest = JSON.parse(raw.obsExplain(core.id, key, visit));
  return { entry, ...rest };
}

/**
 * @param {Foreign} entry
 */
function held(entry) {
  const left = entry.ttlRemainingMs;
  const text = left === -1 ? 'held, it does not expire' : left < 0 ? 'held' : `held, ${duration(left)} left`;
  return { held: true, reason: 'held', text, entry };
}

/**
 * A layer's part of the answer with the bytes that a shared layer has of the value, where that is shown as it is.
 * @param {Foreign} layer
 * @param {import('./presenter.js').Presenter} presenter
 */
function withBytes(layer, presenter) {
  if (layer.entry === null) return layer;
  const shown = /** @type {Foreign} */ (presenter.entry(layer.entry));
  if (!Object.hasOwn(shown, 'value') || shown.redacted === true) return layer;
  try {
    return { ...layer, entry: { ...layer.entry, base64: serialize(shown.value).toString('base64') } };
  } catch {
    // A value that cannot be packed has no bytes.
    return layer;
  }
}

/**
 * `api/key`.
 * @param {import('./explorer.js').Explorer} explorer
 * @param {Asked} asked
 * @param {import('./presenter.js').Presenter} presenter
 */
async function explain(explorer, { key, bytes }, presenter) {
  const { collector } = explorer;
  const now = Date.now();
  const events = collector
    .recentEvents()
    .reverse()
    .filter((event) => concerns(event, key));
  const about = { events, now, isComplete: collector.isComplete, policy: explorer.options.levels?.L1?.policy };
  const memory = memoryOf(explorer.core, key, explorer.observability.maxValueBytes);
  const { stale, absentMs } = memory;
  const of = { ...about, key, memory, maxBytes: explorer.options.levels?.L1?.maxBytes };
  const first = await ofFirst(explorer, { ...of, layer: 'L1', lifetimeMs: explorer.lifetimes.L1 });
  const second = await ofSecond(explorer, { ...of, layer: 'L2', lifetimeMs: explorer.lifetimes.L2 });
  const both = first.held && second.held && presenter.isOpen;
  const head = {
    key,
    now,
    stale: stale === null ? false : { held: true, reason: 'held', text: staleText(stale), ...stale },
    negative: absentMs !== null || first.reason === 'negative',
    load: loadOf(explorer.loadLog, key, events),
    same: both ? isSame(first.entry, second.entry) : null,
  };
  const shown = events.slice(0, EVENTS).map((event) => presenter.event(event));
  const asText = (/** @type {Foreign} */ layer) =>
    textOf(bytes === '1' ? withBytes(layer, presenter) : layer, presenter);
  const layers = `{"l1":${asText(first)},"l2":${asText(second)}}`;
  return { json: `${encode(head).slice(0, -1)},"layers":${layers},"events":[${shown.join(',')}]}` };
}

/** @param {{ ageMs: number, leftMs: number | null }} copy */
function staleText({ ageMs, leftMs }) {
  const until = leftMs === null ? 'for good' : `for ${duration(leftMs)} more`;
  return `a copy that was good ${duration(ageMs)} ago is kept ${until}, for loads that fail`;
}

/**
 * A layer's part of the answer, as JSON.
 * @param {Foreign} layer
 * @param {import('./presenter.js').Presenter} presenter
 */
function textOf({ entry, ...rest }, presenter) {
  const text = entry === null ? 'null' : presenter.entryText(entry);
  return `${JSON.stringify(rest).slice(0, -1)},"entry":${text}}`;
}

/**
 * The known loads of a key.
 * @param {import('./loads.js').LoadLog} loadLog
 * @param {string} key
 * @param {import('../../types/dashboard.js').RecordedEvent[]} events
 */
function loadOf(loadLog, key, events) {
  const load = loadLog.last.get(key);
  return {
    running: loadLog.running.has(key),
    count: load?.count ?? 0,
    meanMs: load === undefined ? null : load.totalMs / load.count,
    maxMs: load?.maxMs ?? null,
    lastError: events.find(({ type }) => type === 'loader:error')?.data['error'] ?? null,
  };
}

/**
 * Whether two layers have the same value, as far as it is there.
 * @param {Foreign | null} first
 * @param {Foreign | null} second
 */
function isSame(first, second) {
  if (first === null || second === null) return null;
  if (!Object.hasOwn(first, 'value') || !Object.hasOwn(second, 'value')) return null;
  try {
    return encode(first.value) === encode(second.value);
  } catch {
    return null;
  }
}

/**
 * @param {import('./explorer.js').Explorer} explorer
 * @param {Foreign} about
 */
async function ofFirst({ l1, hasTable, observability }, { memory, ...about }) {
  if (!l1) return gone('no-layer', 'the cache has no first layer');
  if (!hasTable && !isInspectableStore(l1)) return gone('not-inspectable', 'the first layer cannot be looked into');
  const entry = hasTable ? memory.entry : await entryOf(l1, memory.stored, observability.maxValueBytes);
  if (entry !== undefined) return held(entry);
  if (memory.absentMs !== null) {
    return gone('negative', `its loader found nothing; that is remembered for ${duration(memory.absentMs)} more`);
  }
  const why = whyNot(/** @type {About} */ (about));
  return memory.stale === null
    ? why
    : { ...why, reason: 'stale-only', text: `${why.text}; ${staleText(memory.stale)}` };
}

/**
 * An entry of which the value alone is known.
 * @param {string} key
 * @param {unknown} value
 * @param {number} maxValueBytes
 */
function unlisted(key, value, maxValueBytes) {
  const deserializedBytes = estimateValueBytes(value);
  return deserializedBytes > maxValueBytes ? { key, deserializedBytes, truncated: true } : { key, value };
}

/**
 * The entry of a key in a second layer, by one read of it.
 * @param {import('./explorer.js').Explorer} explorer
 * @param {string} key under which it is stored
 */
async function entryOfSecond({ l2, observability: { maxValueBytes } }, key) {
  const memory = memoryCoreOf(l2);
  if (memory !== undefined) return memoryOf(memory, key, maxValueBytes).entry;
  const look = lookOf(l2);
  if (look !== undefined) return look(key, { maxValueBytes });
  const value = await l2.get(key);
  // How long it lives is not known.
  return value === undefined || value === null
    ? undefined
    : { ttlRemainingMs: -2, ...unlisted(key, value, maxValueBytes) };
}

/**
 * @param {import('./explorer.js').Explorer} explorer
 * @param {Foreign} about
 */
async function ofSecond(explorer, { key, memory, ...about }) {
  if (!explorer.l2) return gone('no-layer', 'the cache has no second layer');
  const state = explorer.circuits().l2;
  if (state === 'open') return gone('circuit-open', 'the circuit of the second layer is open: it is not asked');
  try {
    explorer.core.entryText(key);
    const entry = (await entryOfSecond(explorer, memory.second)) ?? (await versioned(explorer, key, memory.second));
    return entry === undefined ? whyNot(/** @type {About} */ (about)) : held({ ...entry, key });
  } catch (error) {
    return gone('unknown', `the second layer failed: ${reasonOf(error)}`);
  }
}

/**
 * The entry under the key as listings of a versioned cache name it.
 * @param {import('./explorer.js').Explorer} explorer
 * @param {string} key
 * @param {string} stored
 */
function versioned(explorer, key, stored) {
  return stored === key ? undefined : entryOfSecond(explorer, key);
}

module.exports = { explain };
