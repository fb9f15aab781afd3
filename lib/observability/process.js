'use strict';
// The whole process: its metrics and its health.

const { argument } = require('../errors.js');
const { bridge } = require('../raw.js');
const { DEFAULTS, PREFIX } = require('./options.js');

const { raw } = bridge;

/** @param {Given} options */
function metrics(options) {
  if (typeof (options ?? {}) !== 'object' || Array.isArray(options)) throw argument('options', 'an object', options);
  const prefix = options?.prefix ?? DEFAULTS.prefix;
  if (typeof prefix !== 'string' || !PREFIX.form.test(prefix)) throw argument('prefix', PREFIX.allowed, prefix);
  return raw.obsProcessMetrics(prefix);
}

function health() {
  return JSON.parse(raw.obsLookUp('health', undefined, undefined, process.version));
}

module.exports = { health, metrics };
