'use strict';
// The context that a loader gets. Few loaders use its signal, and a signal costs more than a load: it is made at the
// first access. It must be an own property, so that copies of the context have it too. A getter as an own property of
// each context would double the time of a load, so the context is a proxy. Its other members are made as
// late, and become own properties if the context is copied or changed.

/** The symbol of Node.js for the text that `console.log` shows. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The most levels that are shown: a stale value may be a context, which has one in turn. */
const DEEPEST = 8;

/** The target of the proxy. */
class LoaderContext {
  /**
   * Its members, for `console.log`, which looks behind a proxy and would find none. Called with the proxy as `this`. To
   * be looked at does not make them own properties: tags that are set later are to show.
   * @param {number | null} depth how many more levels are to be shown; null for all
   * @param {object} options
   * @param {(value: unknown, options: object) => string} [inspect]
   */
  [INSPECT](depth, options, inspect) {
    const traps = trapsOf(this);
    if (traps === undefined || inspect === undefined || (depth !== null && depth < 0)) return '[LoaderContext]';
    const names = ['signal', ...traps.names];
    const members = Object.fromEntries(names.map((name) => [name, /** @type {Foreign} */ (this)[name]]));
    return `LoaderContext ${inspect(members, { ...options, depth: Math.min(depth ?? DEEPEST, DEEPEST) })}`;
  }
}

/**
 * The handler of the proxy: each load is its own. A handler for all loads, with the load in a private field of the
 * target, takes a twentieth of the time of a load.
 */
class ContextTraps {
  /**
   * A member of the context, at its first access.
   * @param {string} _name
   * @returns {any}
   */
  given(_name) {
    return undefined;
  }

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

  /** @param {LoaderContext} context */
  showAll(context) {
    this.show(context);
    const { names } = this;
    if (Object.hasOwn(context, names[0])) return;
    for (const name of names) /** @type {Foreign} */ (context)[name] = this.given(name);
  }

  /**
   * @param {LoaderContext} context
   * @param {string | symbol} name
   */
  get(context, name) {
    if (name === 'signal') this.show(context);
    else if (name === ITS_TRAPS) return this;
    else if (this.names.includes(/** @type {string} */ (name)) && !Object.hasOwn(context, name)) {
      return this.given(/** @type {string} */ (name));
    }
    return Reflect.get(context, name);
  }
}

/** The names of the members of the context of a key, beside the signal. @type {readonly string[]} */
ContextTraps.prototype.names = Object.freeze(['key', 'stale', 'tags', 'skip', 'fail', 'notModified', 'setOptions']);

/** Under this symbol a context has its traps. */
const ITS_TRAPS = Symbol('traps');

/**
 * The traps of a context; undefined for an object that is none.
 * @param {any} context
 * @returns {any}
 */
function trapsOf(context) {
  return context?.[ITS_TRAPS];
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
      this.showAll(context);
      return /** @type {Foreign} */ (Reflect)[trap](context, ...args);
    },
  });
}

module.exports = { ContextTraps, LoaderContext, trapsOf };
