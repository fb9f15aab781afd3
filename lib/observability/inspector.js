'use strict';
// Answers of inspectors: the layers of a cache, and how it is made.

const { isInspectableStore } = require('../inspectable.js');
const { TELEMETRY_CHANNEL_NAME } = require('../telemetry.js');
const { describe } = require('./json.js');

/**
 * @typedef {import('../../types/dashboard.js').InspectorDeps} Deps
 * @typedef {import('../../types/dashboard.js').ConfigSnapshot} Config
 */

/** The fields of an object that have a value. */
const defined = (/** @type {Record<string, unknown>} */ fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));

/**
 * How many entries the layers have, as far as they say.
 * @param {Deps} deps
 */
async function sizesOf({ l1, l2 }) {
  const [l1Size, l2Size] = await Promise.all([sizeOf(l1), sizeOf(l2)]);
  return { ...(l1Size === undefined ? {} : { l1Size }), ...(l2Size === undefined ? {} : { l2Size }) };
}

/**
 * @param {Deps} deps
 * @returns {Promise<Config>}
 */
async function configOf(deps) {
  const { source, route, prometheus, telemetryChannel = TELEMETRY_CHANNEL_NAME } = deps;
  const isOn = prometheus?.enabled === true;
  const base = route === '/' ? '' : route;
  return /** @type {Config} */ ({
    source,
    route,
    layers: layersOf(deps),
    features: featuresOf(/** @type {Foreign} */ (deps.options ?? {})),
    resilience: {
      l2CircuitBreaker: deps.l2CircuitBreaker?.currentState,
      eventBusCircuitBreaker: deps.eventBusCircuitBreaker?.currentState,
    },
    eventBus: await busOf(deps.eventBus),
    ...(isOn ? { prometheus: { enabled: true, prefix: prometheus.prefix, endpoint: `${base}/metrics` } } : {}),
    telemetry: { channel: telemetryChannel },
  });
}

/**
 * @param {Foreign | false | undefined} layer
 * @param {Given} options
 * @param {number} maxValueBytes
 */
async function inspect(layer, options, maxValueBytes) {
  if (!isInspectableStore(layer)) return null;
  return /** @type {Foreign} */ (layer).inspect({ maxValueBytes, ...options });
}

/**
 * @param {Foreign | false | undefined} layer
 * @returns {Promise<number | undefined>}
 */
async function sizeOf(layer) {
  try {
    if (!layer || typeof layer.size !== 'function') return undefined;
    const size = await layer.size();
    return typeof size === 'number' ? size : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Deps} deps */
function layersOf({ l1, l2, options }) {
  const { levels, ttlMs } = /** @type {Foreign} */ (options ?? {});
  const about = (/** @type {unknown} */ layer) => ({ enabled: Boolean(layer), inspectable: isInspectableStore(layer) });
  return {
    l1: { ...about(l1), ...defined({ maxEntries: levels?.L1?.maxEntries, ttlMs: levels?.L1?.ttlMs ?? ttlMs }) },
    l2: { ...about(l2), ...defined({ ttlMs: levels?.L2?.ttlMs ?? ttlMs }) },
  };
}

/** @param {Foreign} options */
function featuresOf({ inflight, negativeCache, failSafe, timeouts, versioning, distributedLock, broadcastSet }) {
  return defined({ inflight, negativeCache, failSafe, timeouts, versioning, distributedLock, broadcastSet });
}

/** @param {Foreign | undefined} bus */
async function busOf(bus) {
  if (!bus) return { configured: false };
  if (typeof bus.healthCheck !== 'function') return { configured: true };
  try {
    const { ok, transport, error } = await bus.healthCheck();
    const fault = error === undefined || error === null ? {} : { error: describe(error) };
    return { configured: true, transport, health: { ok, transport, ...fault } };
  } catch (error) {
    return { configured: true, health: { ok: false, transport: 'unknown', error: describe(error) } };
  }
}

/** Further fields of the health of a bus that are shown. Others are left out: their content is unknown. */
const DETAILS = [
  'queued',
  'dropped',
  'unreadable',
  'missed',
  'connects',
  'subscribed',
  'channel',
  'publisherStatus',
  'subscriberStatus',
];

/**
 * The health of an event bus, which is asked once, with the details of its queue and its connections.
 * @param {Foreign} bus
 */
async function healthOf(bus) {
  /** @type {Given} */
  let whole;
  const asked = async () => (whole = await bus.healthCheck());
  const once = typeof bus.healthCheck === 'function' ? { healthCheck: asked } : {};
  const { transport = null, health = null } = /** @type {Foreign} */ (await busOf(once));
  if (health === null || whole === undefined) return { transport, health };
  const isPlain = (/** @type {string} */ name) => ['string', 'number', 'boolean'].includes(typeof whole?.[name]);
  const rest = Object.fromEntries(DETAILS.filter(isPlain).map((name) => [name, whole?.[name]]));
  return { transport, health: { ...health, ...rest } };
}

module.exports = { configOf, healthOf, inspect, sizesOf };
