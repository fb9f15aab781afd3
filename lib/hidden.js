'use strict';
// Hidden properties of the objects of public classes.

const { lazy } = require('./lazy.js');

/** Makes `structuredClone` and `postMessage` refuse an object; since Node.js 22.10. */
const uncloneable = lazy(() => /** @type {Foreign} */ (require('node:worker_threads')).markAsUncloneable ?? (() => {}));

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
