'use strict';
// Makes the core of a cache from its layers, its bus and its options.

const { Adapter } = require('./adapter.js');
const { LAYERS } = require('./contract/numbers.js');
const { OPTION } = require('./contract/options.js');
const { Background } = require('./background.js');
const { optionType } = require('./errors.js');
const { lazy } = require('./lazy.js');
const { coreOver, tableOf } = require('./memory-layer.js');
const { isPlainMemoryStore, memoryCoreOf } = require('./memory-store.js');
const { SlotTable } = require('./memory/slots.js');
const { readAudit, readBackground, readLoads } = require('./options/work.js');
const { checkMethods, readCacheOptions, setText } = require('./options/read.js');

/** @typedef {import('./emitter.js').Emitter} Emitter */

const audits = lazy(() => require('./audit.js'));
const buses = lazy(() => require('./bus/for-caches.js'));
const customBus = lazy(() => require('./bus/custom-bus.js'));
const redis = lazy(() => require('./redis/layer.js'));

/**
 * The methods that custom layers must have. Rarer verbs ask for further ones when they are called.
 */
const L1_METHODS = Object.freeze(['get', 'set', 'has', 'delete', 'deleteByPattern', 'size']);
const L2_METHODS = Object.freeze(['get', 'set', 'has', 'delete']);

/** A layer given as an option: `undefined` and `null` are not given, `false` is off. */
const isGiven = (/** @type {unknown} */ layer) => layer !== undefined && layer !== null && layer !== false;

/** Those whose threads change the memory layer: a bus, and a Redis, which may tell changes. */
const CHANGING = LAYERS.BUILTIN_BUS | LAYERS.BUILTIN_L2;

/**
 * The objects of a cache. Each option is read once, as a getter may return another object the next time, and checked
 * for the methods that will be called.
 * @param {Foreign} options
 */
function readLayers(options) {
  const { l1, l2, eventBus, subscribeToEvents } = options;
  const subscribes = subscribeToEvents !== false;
  if (isGiven(l1)) checkMethods('l1', l1, L1_METHODS);
  if (isGiven(l2)) checkMethods('l2', l2, L2_METHODS);
  // Each layer would take the other's entries for its own. One that is driven by its methods may be both.
  if (l1 === l2 && isPlainMemoryStore(l1)) throw optionType('l2', 'another store than l1', l2);
  if (isGiven(eventBus)) checkMethods('eventBus', eventBus, subscribes ? ['publish', 'subscribe'] : ['publish']);
  return { l1, l2, eventBus: isGiven(eventBus) ? eventBus : undefined, subscribes };
}

/**
 * The kind of the memory layer.
 * @param {unknown} l1
 */
function flagsOfMemory(l1) {
  if (l1 === false) return LAYERS.NO_L1;
  return isGiven(l1) && !isPlainMemoryStore(/** @type {Foreign} */ (l1)) ? LAYERS.CUSTOM_L1 : 0;
}

/**
 * @param {Foreign} options
 * @param {ReturnType<typeof readLayers>} layers
 * @param {Emitter} emitter
 * @param {boolean} isTimed whether it has a dashboard
 */
function createCore(options, { l1, l2, eventBus }, emitter, isTimed) {
  const bus = eventBus === undefined ? undefined : buses().nativeOf(eventBus);
  const record = readCacheOptions(options);
  const layer2 = layer2Of(l2);
  takeEntries(record, layer2.entries);
  // A store that has a prefix names the caches over it.
  const name = record.texts?.get(OPTION.NAME)?.[0] ?? (isGiven(l2) ? redis().prefixOf(l2) : '');
  if (name !== '') setText(record, OPTION.NAME, name);
  if (eventBus !== undefined) limitBroadcasts(eventBus, record, emitter);
  warnOfLocks(layer2, record, emitter);
  const store = memoryCoreOf(l1);
  // The lifetime of the store goes before that of the cache.
  if (store !== undefined && store.givenLifetime >= 0) record[OPTION.LEVELS_L1_TTL_MS] = store.givenLifetime;
  const shared = isPlainMemoryStore(l1) ? store : undefined;
  const ofBus = bus === undefined ? LAYERS.CUSTOM_BUS : LAYERS.BUILTIN_BUS;
  const flags = layer2.flags | flagsOfMemory(l1) | (eventBus === undefined ? 0 : ofBus);
  /** Known once the core is made. @type {{ core?: WeakRef<import('./core.js').Core> }} */
  const held = {};
  const isCustomBus = eventBus !== undefined && bus === undefined;
  const coreOf = () => held.core?.deref();
  const targets = isCustomBus ? customBus().customBusTargets(eventBus, emitter.logger, coreOf) : [eventBus];
  const table = shared?.table ?? (isGiven(l1) || l1 === false ? new SlotTable() : tableOf(record, options));
  if ((flags & CHANGING) !== 0) table.becomePartial();
  const work = workOf(options, emitter);
  const core = new (coreFor(table, work))({
    record,
    table,
    adapter: new Adapter({ l1, l2: layer2.l2, bus: targets, emitter }),
    flags,
    ownsTable: shared === undefined,
    redis: layer2.redis,
    bus,
    entryText: layer2.entryText,
    name,
    isListed: true,
    isTimed,
    ...work,
  });
  held.core = new WeakRef(core);
  core.watch();
  return { core, name };
}

/**
 * @param {SlotTable} table
 * @param {ReturnType<typeof workOf>} work
 */
function coreFor(table, { audit }) {
  const Kind = coreOver(table);
  return audit === undefined ? Kind : audits().audited(Kind);
}

/**
 * How the work of a cache is done.
 * @param {Foreign} options
 * @param {Emitter} emitter
 */
function workOf({ loads, background, audit }, emitter) {
  const hook = new Background(readBackground(background), emitter.logger);
  return { loads: readLoads(loads), background: hook, audit: readAudit(audit) };
}

/**
 * @param {Foreign} bus
 * @param {import('./options/read.js').OptionRecord} record
 * @param {Emitter} emitter
 */
function limitBroadcasts(bus, record, emitter) {
  const wanted = record[OPTION.BROADCAST_SET_MAX_BYTES];
  const most = buses().broadcastLimitOf(bus, wanted);
  // A custom bus has no bound of ours.
  if (most === undefined) return;
  record[OPTION.BROADCAST_SET_MAX_BYTES] = most;
  if (Number.isNaN(wanted)) emitter.watchSizes();
}

/**
 * Takes the lifetime and the bound of a store that has them of its own: they go before those of the cache.
 * @param {import('./options/read.js').OptionRecord} record
 * @param {{ ttlMs: number, maxEntries: number } | undefined} entries
 */
function takeEntries(record, { ttlMs, maxEntries } = { ttlMs: NaN, maxEntries: NaN }) {
  if (!Number.isNaN(ttlMs)) record[OPTION.LEVELS_L2_TTL_MS] = ttlMs;
  if (!Number.isNaN(maxEntries)) record[OPTION.LEVELS_L2_MAX_ENTRIES] = maxEntries;
}

/**
 * Tells that locks are asked for where the second layer cannot take one. Without a second layer there is nothing to
 * share, as where Redis is left out in development.
 * @param {ReturnType<typeof layer2Of>} layer2
 * @param {import('./options/read.js').OptionRecord} record
 * @param {Emitter} emitter
 */
function warnOfLocks({ flags }, record, emitter) {
  if (record[OPTION.DISTRIBUTED_LOCK_ENABLED] !== 1) return;
  if ((flags & (LAYERS.CUSTOM_L2 | LAYERS.L2_LOCKS)) !== LAYERS.CUSTOM_L2) return;
  emitter.logger.warn(
    '"distributedLock" has no effect, as the l2 has no acquireLock and releaseLock: each instance loads for itself',
  );
}

/**
 * The second layer: a builtin store, a custom object, or none.
 * @param {Foreign} l2
 */
function layer2Of(l2) {
  if (!isGiven(l2)) return { flags: 0, redis: undefined, l2: undefined, entries: undefined, entryText: undefined };
  const { isRedisStore, layerOf, settingsOf } = redis();
  const builtin = layerOf(l2);
  if (builtin !== undefined) return builtin;
  const locks = typeof l2.acquireLock === 'function' && typeof l2.releaseLock === 'function';
  const flags = LAYERS.CUSTOM_L2 | (locks ? LAYERS.L2_LOCKS : 0) | (isRedisStore(l2) ? LAYERS.L2_SHARED : 0);
  return { flags, redis: undefined, l2, ...settingsOf(l2) };
}

module.exports = { createCore, isGiven, readLayers };
