'use strict';
// The events of all caches of the process, on a diagnostics channel.

const { channel } = require('node:diagnostics_channel');

const { argument } = require('./errors.js');

const TELEMETRY_CHANNEL_NAME = 'lazycache:cache:event';

const telemetry = channel(TELEMETRY_CHANNEL_NAME);

function hasTelemetrySubscribers() {
  return telemetry.hasSubscribers;
}

/** @param {Given} event */
function publishTelemetry(event) {
  if (telemetry.hasSubscribers) telemetry.publish(event);
}

/**
 * @param {(event: any) => void} handler
 * @returns {() => void} ends the subscription
 */
function subscribeTelemetry(handler) {
  if (typeof handler !== 'function') throw argument('handler', 'a function', handler);
  const { callHandler } = require('./handlers.js');
  const { Logger } = require('./logger.js');
  const logger = new Logger();
  const listener = (/** @type {unknown} */ event) => callHandler(handler, /** @type {Given} */ (event), logger);
  telemetry.subscribe(listener);
  return () => {
    telemetry.unsubscribe(listener);
  };
}

module.exports = { TELEMETRY_CHANNEL_NAME, hasTelemetrySubscribers, publishTelemetry, subscribeTelemetry, telemetry };
