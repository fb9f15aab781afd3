'use strict';
// Names of options, by which those are found that have no effect, as no option has their name. They are told and not
// refused: subclasses, custom layers and stores may have options of their own.

const { lazy } = require('../lazy.js');
const { groupsOf, isGroup } = require('./groups.js');

/** Of names that are none, which few options have. */
const meaning = lazy(() => require('./meant.js'));

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
   * Tells the names in options that are not known, each once; none of an object whose own code fails: a warning must
   * not end what it is about.
   * @param {import('../logger.js').Logger} logger
   * @param {unknown} options
   * @param {string} [group] whose options these are
   */
  tell(logger, options, group = '') {
    if (!logger.mayWarnOnce()) return;
    try {
      for (const line of this.unknownIn(options, group)) logger.warnOnce(line);
    } catch {
      // They cannot be listed.
    }
  }

  /**
   * @param {unknown} options
   * @param {string} [group] whose options these are
   * @returns {string[]} one line for each name that is not known
   */
  unknownIn(options, group = '') {
    const known = this.groups.get(group);
    if (known === undefined || !isGroup(options)) return [];
    return Object.keys(options).flatMap((name) => {
      const path = group === '' ? name : `${group}.${name}`;
      if (known.has(name)) return this.groups.has(path) ? this.unknownIn(options[name], path) : [];
      return meaning().linesOf(this, options, group, name);
    });
  }
}

module.exports = { KnownOptions };
