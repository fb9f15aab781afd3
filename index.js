'use strict';

module.exports = {
  ...require('./entry/cache.js'),
  ...require('./entry/observability.js'),
};
