import * as api from '../types/testing.js';

// As `module.exports` is: a default import is the whole.
export = api;
