'use strict';
// Users' handlers of events. One that throws, or whose promise rejects, is logged and disturbs nothing.

/**
 * @param {(event: any) => unknown} handler
 * @param {Given} event
 * @param {import('./logger.js').Logger} logger
 */
function callHandler(handler, event, logger) {
  try {
    const result = /** @type {Given} */ (handler(event));
    if (typeof result?.then === 'function') {
      Promise.resolve(result).catch((error) => logFailure(event, error, logger));
    }
  } catch (error) {
    logFailure(event, error, logger);
  }
}

/**
 * @param {Given} event
 * @param {unknown} error
 * @param {import('./logger.js').Logger} logger
 */
function logFailure(event, error, logger) {
  logger.error(`a handler of the event "${event?.type}" failed`, error);
}

module.exports = { callHandler };
