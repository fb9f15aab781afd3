'use strict';
// The notice in the console as a dashboard starts.

const { print } = require('../logger.js');

/**
 * Shown in production, too, so that a dashboard that was switched on by mistake is noticed.
 * @param {string | undefined} url nothing for a handler that is mounted
 */
function notice(url) {
  const where = url === undefined ? 'enabled (mounted handler)' : `enabled at ${url}`;
  print(
    'warn',
    `[lazy-layers-cache] Observability dashboard ${where}. It exposes what the cache holds and what happens in it: ` +
      'keep it away from those who must not see that. ' +
      'Silence this notice with observability.quiet or LAZY_OBS_QUIET=true.',
  );
}

module.exports = { notice };
