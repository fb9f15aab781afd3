'use strict';

const cache = require('./entry/cache.js');
const eventBus = require('./entry/event-bus.js');
const observability = require('./entry/observability.js');

const all = Object.assign({}, cache, eventBus);
// With its getters: what they load is loaded when it is asked for.
Object.defineProperties(all, Object.getOwnPropertyDescriptors(observability));

module.exports = /** @type {typeof cache & typeof eventBus & typeof observability} */ (all);
