import * as api from '../types/observability.js';

// As `module.exports` is: a default import is the whole.
export = api;
