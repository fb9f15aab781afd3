'use strict';

const { AsyncResource } = require('node:async_hooks');

/** An async context that is kept for later. What lists open handles, as jest does, is told that it is none. */
class KeptContext extends AsyncResource {
  hasRef() {
    return false;
  }
}

module.exports = { KeptContext };
