'use strict';

const { AsyncResource } = require('node:async_hooks');

/** An async context that is kept for later. Lists of open handles, such as jest's, leave it out. */
class KeptContext extends AsyncResource {
  hasRef() {
    return false;
  }
}

module.exports = { KeptContext };
