import { BUNDLERS } from './bundlers.mjs';
import { DOORS } from './doors.mjs';
import { FRAMEWORKS } from './frameworks.mjs';
import { MANAGERS } from './managers.mjs';
import { RUNNERS } from './runners.mjs';
import { CHECKERS, RUNTIMES } from './runtimes.mjs';
import { TYPES } from './types.mjs';

/**
 * @typedef {object} Case
 * @property {string} tool
 * @property {() => string} version
 * @property {string} needs of configuration
 * @property {string} what is expected
 * @property {boolean} [only] where it can be run; default: everywhere
 * @property {boolean} [quick] a part of `npm test`
 * @property {(at: import('./project.mjs').Toolchains) => Promise<void>} run rejects when it is not as expected
 */

/** By heading of docs/toolchains.md. @type {Record<string, Case[]>} */
export const CASES = {
  'Package managers': MANAGERS,
  Runtimes: RUNTIMES,
  'Bundlers and tracers': BUNDLERS,
  Frameworks: FRAMEWORKS,
  'The dashboard': DOORS,
  'Test runners': RUNNERS,
  'Types and fields': [...TYPES, ...CHECKERS],
};
