'use strict';
// Users' handlers of events. One that throws, or whose promise rejects, is logged and disturbs nothing.

/**
 * @param {(event: any) => unknown} handler
 * @param {Given} event
 * @param {import('./logger.js').Logger} logger
 */
function callHandler(handler, event, logger) {
  const failed = (/** @type {unknown} */ error) =>
    logger.error(`a handler of the event "${event?.type}" failed`, error);
  try {
    const result = /** @type {Given} */ (handler(event));
    if (typeof result?.then === 'function') Promise.resolve(result).catch(failed);
  } catch (error) {
    failed(error);
  }
}

module.exports = { callHandler };
