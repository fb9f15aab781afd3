'use strict';

const {
  ObservabilityCollector,
  ObservabilityInspector,
  createObservabilityHandler,
  health,
  metrics,
  normalizeRoute,
  renderDashboard,
  renderPrometheus,
  resolveObservabilityOptions,
  startObservabilityServer,
} = require('../lib/observability/index.js');
const {
  TELEMETRY_CHANNEL_NAME,
  hasTelemetrySubscribers,
  publishTelemetry,
  subscribeTelemetry,
} = require('../lib/telemetry.js');

/** What the declarations promise. @satisfies {typeof import('../types/observability.js')} */
const entry = {
  TELEMETRY_CHANNEL_NAME,
  subscribeTelemetry,
  publishTelemetry,
  hasTelemetrySubscribers,
  ObservabilityCollector,
  ObservabilityInspector,
  createObservabilityHandler,
  startObservabilityServer,
  renderDashboard,
  renderPrometheus,
  resolveObservabilityOptions,
  normalizeRoute,
  metrics,
  health,
};

module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
