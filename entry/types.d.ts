import * as api from '../types/index.js';

// As `module.exports` is: a default import is the whole.
export = api;
