'use strict';

const entries = [require('./entry/cache.js'), require('./entry/event-bus.js'), require('./entry/observability.js')];

/** @type {typeof import('./entry/cache.js') & typeof import('./entry/event-bus.js') & typeof import('./entry/observability.js')} */
const all = Object.assign({}, ...entries.slice(0, 2));
// With its getters: what they load is loaded when it is asked for.
Object.defineProperties(all, Object.getOwnPropertyDescriptors(entries[2]));

module.exports = all;
