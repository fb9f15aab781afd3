import * as api from './types/everything.js';

// As `module.exports` is: a default import is the whole.
export = api;
