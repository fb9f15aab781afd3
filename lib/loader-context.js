'use strict';
// The context that a loader gets. Few loaders use its signal, and a signal costs more than a load: it is made at the
// first access. It must be an own property, so that copies of the context have it too. A getter as an own property of
// each context would double the time of a load, so the context is a proxy.

/** The target of the proxy. */
class LoaderContext {}

/**
 * The handler of the proxy: each load is its own. A handler for all loads, with the load in a private field of the
 * target, takes a twentieth of the time of a load.
 */
class ContextTraps {
  /**
   * The loader's signal, when it is asked for the first time.
   * @param {LoaderContext} _context
   * @returns {AbortSignal | undefined}
   */
  signalFor(_context) {
    return undefined;
  }

  /** @param {LoaderContext} context */
  show(context) {
    const signal = this.signalFor(context);
    if (signal !== undefined) /** @type {Foreign} */ (context).signal = signal;
  }

  /**
   * @param {LoaderContext} context
   * @param {string | symbol} name
   */
  get(context, name) {
    if (name === 'signal') this.show(context);
    return Reflect.get(context, name);
  }
}

const TRAPS = /** @type {const} */ ([
  'has',
  'ownKeys',
  'getOwnPropertyDescriptor',
  'set',
  'defineProperty',
  'deleteProperty',
  'preventExtensions',
]);

for (const trap of TRAPS) {
  Object.defineProperty(ContextTraps.prototype, trap, {
    /**
     * @this {ContextTraps}
     * @param {LoaderContext} context
     * @param {any[]} args
     */
    value(context, ...args) {
      this.show(context);
      return /** @type {Foreign} */ (Reflect)[trap](context, ...args);
    },
  });
}

module.exports = { ContextTraps, LoaderContext };
