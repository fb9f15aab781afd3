'use strict';

const { busContract } = require('../lib/testing/bus-contract.js');
const { manualClock } = require('../lib/testing/manual-clock.js');
const { storeContract } = require('../lib/testing/store-contract.js');

/** What the declarations promise. @satisfies {typeof import('../types/testing.js')} */
const entry = { busContract, manualClock, storeContract };

module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
