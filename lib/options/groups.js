'use strict';
// Groups of options.

/**
 * The names in each group of options, by the path of the group; those that are in none by the empty path.
 * @param {readonly string[]} paths of options
 * @returns {Map<string, Set<string>>}
 */
function groupsOf(paths) {
  const groups = new Map();
  for (const path of paths) {
    const names = path.split('.');
    for (let at = 0; at < names.length; at++) {
      const group = names.slice(0, at).join('.');
      groups.set(group, (groups.get(group) ?? new Set()).add(names[at]));
    }
  }
  return groups;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isGroup = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

module.exports = { groupsOf, isGroup };
