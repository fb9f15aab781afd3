'use strict';

const cache = require('./entry/cache.js');
const eventBus = require('./entry/event-bus.js');
const observability = require('./entry/observability.js');

const entry = Object.assign({}, cache, eventBus, observability);

// For compilers that take a default import for a property of that name. Not enumerable: it is no name of the API.
module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
