'use strict';
// Logs through the console; in production only errors.

const { inspect } = require('node:util');

/** Errors of one kind come this often at most: a server that is lost fails everything that was on its way. */
const ERROR_EVERY_MS = 1000;
/** The most kinds of errors that are told apart. */
const MOST_KINDS = 100;
/** The most warnings of which each is told once: names may be made up at run time. */
const MOST_ONCE = 100;

/**
 * Prints a line. A console may throw, as those do that fail a test for what it logs, and so may a value that says how
 * it is shown. That must not end the work that is logged: calls would be rejected, and `close()` would wait for
 * requests without an end.
 * @param {'log' | 'info' | 'warn' | 'error'} method
 * @param {unknown[]} args
 */
function print(method, ...args) {
  try {
    console[method](...args);
  } catch {
    printAsText(method, args);
  }
}

/**
 * @param {'log' | 'info' | 'warn' | 'error'} method
 * @param {unknown[]} args
 */
function printAsText(method, args) {
  if (args.every((value) => typeof value === 'string')) return;
  try {
    console[method](...args.map(textOf));
  } catch {
    // Nobody is left to tell.
  }
}

/** @param {unknown} value */
function textOf(value) {
  if (typeof value === 'string') return value;
  for (const show of [inspect, String]) {
    try {
      return show(value);
    } catch {
      // The value does not allow it.
    }
  }
  return '(cannot be shown)';
}

class Logger {
  #env;
  #enabled;
  /**
   * By kind of error: when it was logged last, and how many were left out since.
   * @type {Map<string, { at: number, more: number }>}
   */
  #logged = new Map();
  /** The kinds of warnings that were told once. @type {Set<unknown>} */
  #told = new Set();
  /** Whether there are such warnings; known once that is asked for. @type {boolean | undefined} */
  #advises;

  /**
   * @param {object} [options]
   * @param {string} [options.env] stands in for NODE_ENV
   * @param {boolean} [options.enabled] all or nothing, whatever the environment
   */
  constructor({ env, enabled } = {}) {
    this.#env = env;
    this.#enabled = enabled;
  }

  /** Whether every verb is logged: only where that was asked for. */
  get traces() {
    return this.#enabled === true;
  }

  /** @param {unknown[]} args */
  debug(...args) {
    if (this.traces) print('log', '[DEBUG]', ...args);
  }

  /** @param {unknown[]} args */
  info(...args) {
    if (this.#speaks()) print('info', '[INFO]', ...args);
  }

  /** @param {unknown[]} args */
  warn(...args) {
    if (this.#speaks()) print('warn', '[WARN]', ...args);
  }

  /**
   * Whether `warnOnce` logs a warning of this kind, or, without one, of a new kind.
   * @param {string} [kind]
   */
  mayWarnOnce(kind) {
    // An environment variable may decide whether there are warnings. It is read once, as calls come here.
    this.#advises ??= this.#speaks();
    return this.#advises && this.#told.size < MOST_ONCE && !this.#told.has(kind);
  }

  /**
   * @param {string} text
   * @param {string} [kind] of which the first is logged
   */
  warnOnce(text, kind = text) {
    if (!this.mayWarnOnce(kind)) return;
    this.#told.add(kind);
    this.warn(text);
  }

  /**
   * @param {string} text also tells kinds of errors apart
   * @param {unknown[]} more
   */
  error(text, ...more) {
    if (this.#enabled === false) return;
    const leftOut = this.#count(text);
    if (leftOut === undefined) return;
    print('error', '[ERROR]', leftOut === 0 ? text : `${text}, as did ${leftOut} before`, ...more);
  }

  /**
   * How many errors of that kind were left out before this one; undefined when it is left out itself.
   * @param {string} text
   */
  #count(text) {
    const now = Date.now();
    const last = this.#logged.get(text);
    if (last !== undefined && Math.abs(now - last.at) < ERROR_EVERY_MS) {
      last.more++;
      return undefined;
    }
    if (last === undefined && this.#logged.size >= MOST_KINDS) this.#logged.clear();
    this.#logged.set(text, { at: now, more: 0 });
    return last?.more ?? 0;
  }

  /** Whether more than errors is logged. */
  #speaks() {
    return this.#enabled ?? (this.#env ?? process.env.NODE_ENV) !== 'production';
  }
}

module.exports = { Logger, print };
