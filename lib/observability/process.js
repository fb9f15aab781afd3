'use strict';
// The whole process: its metrics, and how it is.

const { argument } = require('../errors.js');
const { bridge } = require('../raw.js');

const { raw } = bridge;

/** The allowed names of metrics. */
const PREFIX = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** @param {unknown} prefix */
function metrics(prefix) {
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw argument('prefix', 'letters, digits, "_" and ":", no digit first', prefix);
  }
  return raw.obsProcessMetrics(prefix);
}

function health() {
  return JSON.parse(raw.obsLookUp('health', undefined, undefined, process.version));
}

module.exports = { health, metrics };
