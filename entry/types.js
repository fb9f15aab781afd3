'use strict';
// Types, and the guard of one.

const { isInspectableStore } = require('../lib/inspectable.js');

/** What the declarations promise. @satisfies {typeof import('../types/index.js')} */
const entry = { isInspectableStore };

module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
