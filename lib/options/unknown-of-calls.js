'use strict';
// The options of layers, calls and loaders, by which unknown ones are found.

const { KnownOptions } = require('./known.js');
const { OF_LOADER } = require('./of-loaders.js');
const { OF_CACHE, OF_CALL, OF_LAYER, OF_OTHERS } = require('./paths.js');

/** Those of functions that read through a cache. */
const OF_FUNCTION = ['key', 'loadMany', 'batch.windowMs', 'batch.max'];

const known = {
  ofLayers: new KnownOptions('store', OF_LAYER, OF_CACHE),
  /** Calls may be given the options of their cache as well, as in 0.4.0. */
  ofCalls: new KnownOptions('call', OF_CALL, [...OF_CACHE, ...OF_OTHERS]),
  ofFunctions: new KnownOptions('call', [...OF_CALL, ...OF_FUNCTION], [...OF_CACHE, ...OF_OTHERS]),
  ofLoaders: new KnownOptions('loader', OF_LOADER, [...OF_CALL, ...OF_CACHE]),
  /** Of verbs that have few, under their names. */
  ofVerbs: new KnownOptions('call', ['on.types', 'save.maxEntries', 'advice.stop', 'close.timeoutMs']),
};

module.exports = { known };
