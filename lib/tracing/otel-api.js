'use strict';
// The API of OpenTelemetry, an optional package.

/** @returns {typeof import('@opentelemetry/api')} */
function load() {
  // Inside a `try`, so that bundlers accept that it is absent.
  try {
    return require('@opentelemetry/api');
  } catch (cause) {
    const message = 'lazy-layers-cache/otel needs the package @opentelemetry/api: npm install @opentelemetry/api';
    throw Object.assign(new Error(message, { cause }), { code: 'MODULE_NOT_FOUND' });
  }
}

module.exports = load();
