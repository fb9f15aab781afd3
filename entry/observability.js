'use strict';

const {
  TELEMETRY_CHANNEL_NAME,
  hasTelemetrySubscribers,
  publishTelemetry,
  subscribeTelemetry,
} = require('../lib/telemetry.js');
void require('../lib/door.js');

/** What the declarations promise. @satisfies {typeof import('../types/observability.js')} */
const entry = {
  TELEMETRY_CHANNEL_NAME,
  subscribeTelemetry,
  publishTelemetry,
  hasTelemetrySubscribers,
  ...require('../lib/observability/index.js'),
};

module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
