import * as api from '../types/cache.js';

// As `module.exports` is: a default import is the whole.
export = api;
