'use strict';
// The options of caches, layers, calls and loaders, by which unknown ones are found.

const { KnownOptions } = require('./known.js');
const { OF_CACHE, OF_CALL, OF_LAYER, OF_OTHERS, OF_WRAPPED } = require('./paths.js');

const known = {
  ofCaches: new KnownOptions('cache', OF_CACHE, OF_OTHERS),
  ofLayers: new KnownOptions('store', OF_LAYER, OF_CACHE),
  /** Calls may be given the options of their cache as well, as in 0.4.0. */
  ofCalls: new KnownOptions('call', OF_CALL, [...OF_CACHE, ...OF_OTHERS, ...OF_WRAPPED]),
  /** What a loader sets by `setOptions`. */
  ofLoaders: new KnownOptions('loader', [...OF_CALL, 'etag']),
};

module.exports = { known };
