'use strict';
// Hidden properties of the objects of public classes.

const { lazy } = require('./lazy.js');

/** Has `structuredClone` and `postMessage` refuse an object; since Node.js 22.10. */
const uncloneable = lazy(() => /** @type {any} */ (require('node:worker_threads')).markAsUncloneable ?? (() => {}));

/**
 * Puts a part of an object where its methods find it, also by way of a `Proxy` or of an object that inherits from it,
 * which private fields do not allow; and where neither logs nor copies show it. A part that cannot be extended is
 * handed out as it is by the Proxies of reactive frameworks, which would wrap it otherwise.
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
