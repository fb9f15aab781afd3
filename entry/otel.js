'use strict';

const { lazy } = require('../lib/lazy.js');

/** What it needs is a package that is not there unless it was installed. */
const otel = lazy(() => require('../lib/tracing/otel.js'));

/** What the declarations promise. @satisfies {typeof import('../types/otel.js')} */
const entry = {
  get instrument() {
    return otel().instrument;
  },
};

module.exports = Object.defineProperty(entry, 'default', { value: entry, writable: true });
