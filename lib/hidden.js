'use strict';
// Hidden properties of the objects of public classes.

const { lazy } = require('./lazy.js');

/**
 * Makes `structuredClone` and `postMessage` refuse an object; since Node.js 22.10. Elsewhere the module is not asked:
 * it loads a third of Node.js.
 */
const uncloneable = lazy(() => {
  const [major, minor] = process.version.slice(1).split('.').map(Number);
  const mayMark = major > 22 || (major === 22 && minor >= 10);
  const { markAsUncloneable } = mayMark ? /** @type {Foreign} */ (require('node:worker_threads')) : {};
  return markAsUncloneable ?? (() => {});
});

/**
 * Hides a part of an object in a property that its methods find, but logs and copies do not show. Unlike private
 * fields, the property is found through a `Proxy` and in objects that inherit from it. The part is not extensible:
 * Proxies of reactive frameworks return such a part as it is, and would wrap another.
 * @param {object} object
 * @param {symbol} name
 * @param {unknown} part
 */
function hide(object, name, part) {
  // A structured clone would silently be an empty object without a class.
  uncloneable()(object);
  // Configurable: a Proxy may return nothing else for other properties.
  Object.defineProperty(object, name, { value: Object.preventExtensions(part), configurable: true });
}

module.exports = { hide };
