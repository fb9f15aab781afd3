'use strict';

const {
  TELEMETRY_CHANNEL_NAME,
  hasTelemetrySubscribers,
  publishTelemetry,
  subscribeTelemetry,
} = require('../lib/telemetry.js');

module.exports = { TELEMETRY_CHANNEL_NAME, subscribeTelemetry, publishTelemetry, hasTelemetrySubscribers };
