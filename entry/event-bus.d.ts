import * as api from '../types/event-bus.js';

// As `module.exports` is: a default import is the whole.
export = api;
