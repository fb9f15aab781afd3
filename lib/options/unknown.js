'use strict';
// The options of caches, layers and calls, by which unknown ones are found.

const { KnownOptions } = require('./known.js');
const { OF_CACHE, OF_CALL, OF_LAYER, OF_OTHERS } = require('./paths.js');

const known = {
  ofCaches: new KnownOptions('cache', OF_CACHE, OF_OTHERS),
  ofLayers: new KnownOptions('store', OF_LAYER, OF_CACHE),
  /** Calls may be given the options of their cache as well, as in 0.4.0. */
  ofCalls: new KnownOptions('call', OF_CALL, [...OF_CACHE, ...OF_OTHERS]),
};

module.exports = { known };
