'use strict';
// Logs through the console: quiet in production but for errors.

class Logger {
  #env;
  #enabled;

  /**
   * @param {object} [options]
   * @param {string} [options.env] stands in for NODE_ENV
   * @param {boolean} [options.enabled] all or nothing, whatever the environment
   */
  constructor({ env, enabled } = {}) {
    this.#env = env;
    this.#enabled = enabled;
  }

  /** @param {unknown[]} args */
  debug(...args) {
    if (this.#speaks()) console.debug('[DEBUG]', ...args);
  }

  /** @param {unknown[]} args */
  info(...args) {
    if (this.#speaks()) console.info('[INFO]', ...args);
  }

  /** @param {unknown[]} args */
  warn(...args) {
    if (this.#speaks()) console.warn('[WARN]', ...args);
  }

  /** @param {unknown[]} args */
  error(...args) {
    if (this.#enabled !== false) console.error('[ERROR]', ...args);
  }

  #speaks() {
    return this.#enabled ?? (this.#env ?? process.env.NODE_ENV) !== 'production';
  }
}

module.exports = { Logger };
