'use strict';
// The options of caches, by which unknown ones are found.

const { KnownOptions } = require('./known.js');
const { OF_CACHE, OF_OTHERS } = require('./paths.js');

module.exports = { ofCaches: new KnownOptions('cache', OF_CACHE, OF_OTHERS) };
