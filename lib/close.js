'use strict';
// Closing a cache.

const { closed } = require('./errors.js');
const { bridge, settle } = require('./raw.js');

const { raw } = bridge;

/**
 * Waits for the requests under way, up to a limit, then abandons the others.
 * @param {import('./core.js').Core} core
 * @param {number} timeoutMs
 */
async function closeCore(core, timeoutMs) {
  core.closed = true;
  core.mirror.close();
  if (core.open > 0 && timeoutMs > 0) await drain(core, timeoutMs);
  const error = closed('a load was abandoned');
  for (const request of [...bridge.requests]) {
    if (request?.core === core) request.abandon(error);
  }
  for (const load of core.mirror.loads.local()) load.abandon(error);
  raw.closeCache(core.id, core.ownsTable);
  settle();
  core.table.sweep();
}

/**
 * @param {import('./core.js').Core} core
 * @param {number} timeoutMs
 */
function drain(core, timeoutMs) {
  return new Promise((resolve) => {
    const limit = Math.min(timeoutMs, 0x7fff_ffff);
    const timer = setTimeout(resolve, limit);
    core.drained = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
  }).finally(() => {
    core.drained = undefined;
  });
}

module.exports = { closeCore };
