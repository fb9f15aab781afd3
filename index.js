'use strict';

const cache = require('./entry/cache.js');
const eventBus = require('./entry/event-bus.js');
const observability = require('./entry/observability.js');

module.exports = Object.assign({}, cache, eventBus, observability);
