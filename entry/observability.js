'use strict';

const { lazy } = require('../lib/lazy.js');
const {
  TELEMETRY_CHANNEL_NAME,
  hasTelemetrySubscribers,
  publishTelemetry,
  subscribeTelemetry,
} = require('../lib/telemetry.js');

/** Most processes have no dashboard. */
const dashboard = lazy(() => require('../lib/observability/index.js'));

/** What the declarations promise. @satisfies {typeof import('../types/observability.js')} */
const entry = {
  TELEMETRY_CHANNEL_NAME,
  subscribeTelemetry,
  publishTelemetry,
  hasTelemetrySubscribers,
  get ObservabilityCollector() { return dashboard().ObservabilityCollector; },
  get ObservabilityInspector() { return dashboard().ObservabilityInspector; },
  get createObservabilityHandler() { return dashboard().createObservabilityHandler; },
  get startObservabilityServer() { return dashboard().startObservabilityServer; },
  get renderDashboard() { return dashboard().renderDashboard; },
  get renderPrometheus() { return dashboard().renderPrometheus; },
  get resolveObservabilityOptions() { return dashboard().resolveObservabilityOptions; },
  get normalizeRoute() { return dashboard().normalizeRoute; },
  get metrics() { return dashboard().metrics; },
  get health() { return dashboard().health; },
};

module.exports = entry;
