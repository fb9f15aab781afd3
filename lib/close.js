'use strict';
// Closing a cache.

const { closed } = require('./errors.js');
const { tellUnknown } = require('./options/of-call.js');
const { readCloseTimeout } = require('./options/read.js');
const { setImmediate } = require('./platform.js');
const { bridge, settle } = require('./raw.js');

const { raw } = bridge;

const DEFAULT_CLOSE_TIMEOUT_MS = 5000;

/**
 * Closes a cache, and its dashboard. A second call gets the promise of the first.
 * @param {import('./core.js').Core} core
 * @param {Given} options
 * @param {import('./observability/attach.js').Observability | undefined} dashboard
 * @returns {Promise<void>}
 */
function closeCache(core, options, dashboard) {
  try {
    const timeoutMs = readCloseTimeout(options) ?? DEFAULT_CLOSE_TIMEOUT_MS;
    tellUnknown(core, options, 'close');
    core.closing ??= closeAll(core, timeoutMs, dashboard);
    return core.closing;
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * @param {import('./core.js').Core} core
 * @param {number} timeoutMs
 * @param {import('./observability/attach.js').Observability | undefined} dashboard
 */
async function closeAll(core, timeoutMs, dashboard) {
  await Promise.all([core.close(timeoutMs), dashboard?.end()]);
}

/**
 * Waits for the requests under way, up to a limit, then abandons the others.
 * @param {import('./core.js').Core} core
 * @param {number} timeoutMs
 */
async function closeCore(core, timeoutMs) {
  core.closed = true;
  core.mirror.close();
  if (core.open > 0 && timeoutMs > 0) await drainFor(core, timeoutMs);
  const error = closed('a load was abandoned');
  for (const request of [...bridge.requests]) {
    if (request?.core === core) request.abandon(error);
  }
  for (const load of core.mirror.loads.local()) load.abandon(error);
  core.audit?.abandon(error);
  raw.closeCache(core.id, core.ownsTable);
  settle();
  core.table.sweep();
}

/**
 * @param {import('./core.js').Core} core
 * @param {number} timeoutMs
 */
async function drainFor(core, timeoutMs) {
  const over = until(core, () => core.open === 0);
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.min(timeoutMs, 0x7fff_ffff));
  });
  await Promise.race([over.promise, late]);
  clearTimeout(timer);
  over.forget();
}

/**
 * Waits until nothing is under way.
 * @param {import('./core.js').Core} core
 */
async function drainCore(core) {
  while (!core.isIdle) {
    await until(core, () => core.isIdle).promise;
    // Those who waited for the last request may go on with another.
    await new Promise(setImmediate);
  }
}

/**
 * A promise that is resolved when a request or a call of a custom layer has ended and the condition holds.
 * @param {import('./core.js').Core} core
 * @param {() => boolean} condition
 */
function until(core, condition) {
  /** @type {() => void} */
  let wake = () => {};
  const forget = () => core.waiting.delete(wake);
  /** @type {Promise<void>} */
  const promise = new Promise((resolve) => {
    wake = () => {
      if (!condition()) return;
      forget();
      resolve();
    };
    core.waiting.add(wake);
  });
  return { promise, forget };
}

module.exports = { closeCache, closeCore, drainCore };
