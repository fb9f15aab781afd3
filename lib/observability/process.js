'use strict';
// The whole process: its metrics and its health.

const { argument } = require('../errors.js');
const { bridge } = require('../raw.js');
const { DEFAULTS, PREFIX } = require('./options.js');

const { raw } = bridge;

/** @param {unknown} [prefix] */
function metrics(prefix = DEFAULTS.prefix) {
  if (typeof prefix !== 'string' || !PREFIX.form.test(prefix)) throw argument('prefix', PREFIX.allowed, prefix);
  return raw.obsProcessMetrics(prefix);
}

function health() {
  return JSON.parse(raw.obsLookUp('health', undefined, undefined, process.version));
}

module.exports = { health, metrics };
