'use strict';
// Why a layer has a key, or has not: by a look at the layer, and by the events that are kept.

const { inspectTable } = require('../inspect.js');
const { isInspectableStore } = require('../inspectable.js');
const { encode } = require('./json.js');
const { concerns, duration, gone, whyNot } = require('./why.js');
const { serialize } = require('../serializer/serializer.js');
const { estimateValueBytes } = require('../serializer/sizes.js');

/** Pages that are looked through for one key, of the most entries that a page may have. */
const PAGES = 20;
const PAGE = 10_000;
const EVENTS = 100;

/**
 * The entry of a key in a layer, a page after the other.
 * @param {(options: object) => Promise<any>} inspect
 * @param {string} key
 * @param {number} maxValueBytes values beyond are not shown
 * @param {number} pages
 */
async function entryOf(inspect, key, maxValueBytes, pages = PAGES) {
  /** @type {string | undefined} */
  let cursor;
  for (let page = 0; page < pages; page++) {
    const from = cursor === undefined ? {} : { cursor };
    const { keys, cursor: next } = await inspect({ match: key, limit: PAGE, maxValueBytes, ...from });
    const found = keys.find((/** @type {any} */ entry) => entry.key === key);
    if (found !== undefined || next === undefined) return found;
    cursor = next;
  }
  return undefined;
}

/**
 * @param {any} entry
 */
function held(entry) {
  const left = entry.ttlRemainingMs;
  const text = left === -1 ? 'held, it does not expire' : left < 0 ? 'held' : `held, ${duration(left)} left`;
  return { held: true, reason: 'held', text, entry };
}

/**
 * A layer's part of the answer with the bytes that a shared layer has of the value, where that is shown as it is.
 * @param {any} layer
 * @param {import('./presenter.js').Presenter} presenter
 */
function withBytes(layer, presenter) {
  if (layer.entry === null) return layer;
  const shown = /** @type {any} */ (presenter.entry(layer.entry));
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
 * @param {any} explorer
 * @param {{ key: string, bytes?: string }} asked
 * @param {import('./presenter.js').Presenter} presenter
 */
async function explain(explorer, { key, bytes }, presenter) {
  const { collector } = explorer;
  const now = Date.now();
  const events = collector.recentEvents().reverse().filter((/** @type {any} */ event) => concerns(event, key));
  const isComplete = collector.total <= collector.maxEvents;
  const about = { events, now, isComplete, policy: explorer.options.levels?.L1?.policy };
  const first = await ofFirst(explorer, key, { ...about, layer: 'L1', lifetimeMs: explorer.lifetimes.L1 });
  const second = await ofSecond(explorer, key, { ...about, layer: 'L2', lifetimeMs: explorer.lifetimes.L2 });
  const both = first.held && second.held && presenter.isOpen;
  const head = {
    key,
    now,
    stale: null,
    negative: first.reason === 'negative',
    load: loadOf(explorer.loadLog, key, events),
    same: both ? isSame(first.entry, second.entry) : null,
  };
  const shown = events.slice(0, EVENTS).map((/** @type {any} */ event) => presenter.event(event));
  const asText = (/** @type {any} */ layer) => textOf(bytes === '1' ? withBytes(layer, presenter) : layer, presenter);
  const layers = `{"l1":${asText(first)},"l2":${asText(second)}}`;
  return { json: `${encode(head).slice(0, -1)},"layers":${layers},"events":[${shown.join(',')}]}` };
}

/**
 * A layer's part of the answer, as JSON.
 * @param {any} layer
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
 * @param {any} first
 * @param {any} second
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
 * @param {any} explorer
 * @param {string} key
 * @param {any} about
 */
async function ofFirst({ core, l1, hasTable, observability }, key, about) {
  if (!l1) return gone('no-layer', 'the cache has no first layer');
  if (!hasTable && !isInspectableStore(l1)) return gone('not-inspectable', 'the first layer cannot be looked into');
  const inspect = (/** @type {object} */ options) => (hasTable ? inspectTable(core, options) : l1.inspect(options));
  const entry = await entryOf(inspect, key, observability.maxValueBytes);
  return entry === undefined ? whyNot(about) : held(entry);
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
 * @param {any} explorer
 * @param {string} key
 * @param {any} about
 */
async function ofSecond(explorer, key, about) {
  const { l2 } = explorer;
  const { maxValueBytes } = explorer.observability;
  if (!l2) return gone('no-layer', 'the cache has no second layer');
  const state = explorer.circuits().l2;
  if (state === 'open') return gone('circuit-open', 'the circuit of the second layer is open: it is not asked');
  if (!isInspectableStore(l2)) return gone('not-asked', 'the second layer cannot be looked into');
  try {
    const entry = await entryOf((options) => /** @type {any} */ (l2).inspect(options), key, maxValueBytes, 1);
    if (entry !== undefined) return held(entry);
    // It may be on a later page: those are not looked through.
    const value = await /** @type {any} */ (l2).get(key);
    return value === undefined || value === null
      ? whyNot(about)
      : { ...held({ ttlRemainingMs: -2 }), entry: unlisted(key, value, maxValueBytes) };
  } catch (error) {
    return gone('unknown', `the second layer failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

module.exports = { explain };
