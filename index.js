'use strict';

module.exports = {
  ...require('./entry/cache.js'),
  ...require('./entry/event-bus.js'),
  ...require('./entry/observability.js'),
};
