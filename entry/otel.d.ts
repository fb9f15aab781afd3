import * as api from '../types/otel.js';

// As `module.exports` is: a default import is the whole.
export = api;
