'use strict';
// Names of options, by which those are found that have no effect, as no option has their name. They are told and not
// refused: subclasses, custom layers and stores may have options of their own.

const { lazy } = require('../lazy.js');
const { groupsOf } = require('./groups.js');

/** Of names that are none, which few options have. */
const meaning = lazy(() => require('./meant.js'));

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The options of something. */
class KnownOptions {
  /**
   * @param {'call' | 'cache' | 'store' | 'bus' | 'loader'} owner
   * @param {readonly string[]} paths of options that may be meant by a name that is none
   * @param {readonly string[]} [others] paths of options that are never meant: they have no effect, or say little
   */
  constructor(owner, paths, others = []) {
    this.owner = owner;
    /** The names in each group, and those in none. */
    this.groups = groupsOf([...paths, ...others]);
    this.paths = paths;
  }

  /**
   * Tells the names in options that are not known, each once.
   * @param {import('../logger.js').Logger} logger
   * @param {unknown} options
   * @param {string} [group] whose options these are
   */
  tell(logger, options, group = '') {
    if (!logger.mayWarnOnce()) return;
    for (const line of this.listed(options, group)) logger.warnOnce(line);
  }

  /**
   * The same lines as of `unknownIn`; none of an object whose own code fails: a warning must not end what it is about.
   * @param {unknown} options
   * @param {string} group
   */
  listed(options, group) {
    try {
      return this.unknownIn(options, group);
    } catch {
      return [];
    }
  }

  /**
   * @param {unknown} options
   * @param {string} [group] whose options these are
   * @returns {string[]} one line for each name that is not known
   */
  unknownIn(options, group = '') {
    const known = this.groups.get(group);
    if (known === undefined || !isRecord(options)) return [];
    return Object.keys(options).flatMap((name) => {
      const path = group === '' ? name : `${group}.${name}`;
      if (known.has(name)) return this.groups.has(path) ? this.unknownIn(options[name], path) : [];
      const advice = meaning().adviceOn(this, options, group, name);
      return advice === undefined
        ? []
        : [`option "${path}" of a ${this.owner} is not known and has no effect: ${advice}`];
    });
  }
}

/**
 * The paths of options of which an object has the defaults.
 * @param {object} defaults
 * @param {string} [group] with a dot at its end
 * @returns {string[]}
 */
function pathsOf(defaults, group = '') {
  return Object.entries(defaults).flatMap(([name, value]) =>
    isRecord(value) ? pathsOf(value, `${group}${name}.`) : [`${group}${name}`],
  );
}

module.exports = { KnownOptions, pathsOf };
