'use strict';

const { storeContract } = require('../lib/testing/store-contract.js');

/** What the declarations promise. @satisfies {typeof import('../types/testing.js')} */
const entry = { storeContract };

module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
