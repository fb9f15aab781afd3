'use strict';
// Options by their defaults.

const { isGroup } = require('./groups.js');

/**
 * The paths of options of which an object has the defaults.
 * @param {object} defaults
 * @param {string} [group] with a dot at its end
 * @returns {string[]}
 */
function pathsOf(defaults, group = '') {
  return Object.entries(defaults).flatMap(([name, value]) =>
    isGroup(value) ? pathsOf(value, `${group}${name}.`) : [`${group}${name}`],
  );
}

module.exports = { pathsOf };
