'use strict';
// `getOrSet` of a subclass that overrides `get` or `set`: it reads and stores through them.

const { argument } = require('./errors.js');
const { OPTION } = require('./contract/options.js');
const { keyText } = require('./keys.js');
const { running } = require('./nesting.js');
const { bridge } = require('./raw.js');
const { copyOf } = require('./records.js');

const { raw } = bridge;
const LIFETIMES = [OPTION.TTL_MS, OPTION.LEVELS_L1_TTL_MS, OPTION.LEVELS_L2_TTL_MS];
/** A lifetime that is over: the engine stores nothing. */
const OVER = -1;

/**
 * @typedef {{ get: boolean, set: boolean }} Overridden
 * @typedef {Overridden | (() => Overridden | undefined) | undefined} Overrides a function until it is first asked for
 */

/**
 * Returns which of the two methods an object overrides. To be called after its constructors: fields of a subclass are
 * not there before.
 * @param {Foreign} owner
 * @param {Foreign} original the prototype of that class
 * @returns {() => Overridden | undefined}
 */
function overriddenBy(owner, original) {
  return () => {
    const get = owner.get !== original.get;
    const set = owner.set !== original.set;
    return get || set ? { get, set } : undefined;
  };
}

/**
 * @param {Foreign} owner whose methods are called
 * @param {import('./core.js').Core} core
 * @param {EntryKey} key
 * @param {(context?: any) => unknown} loader
 * @param {Given} options
 * @returns {Promise<any>}
 */
function getOrSetBy(owner, core, key, loader, options) {
  if (typeof core.overridden === 'function') core.overridden = core.overridden();
  const { overridden } = core;
  if (overridden === undefined) return core.getOrSet(key, loader, options);
  return getOrSetThrough(owner, core, overridden, key, loader, options);
}

/**
 * @param {Foreign} owner
 * @param {import('./core.js').Core} core
 * @param {Overridden} overridden
 * @param {EntryKey} key
 * @param {(context?: any) => unknown} loader
 * @param {Given} options
 * @returns {Promise<any>}
 */
async function getOrSetThrough(owner, core, overridden, key, loader, options) {
  if (typeof loader !== 'function') throw argument('loader', 'a function', loader);
  const text = keyText(key);
  if (overridden.get) {
    const found = await owner.get(key);
    if (found !== undefined) return found;
  }
  const record = core.read(options);
  const asked = copyOf(record, { wasRead: overridden.get });
  if (!overridden.set) return core.loadRead(key, asked, loader);
  for (const at of LIFETIMES) asked[at] = OVER;
  asked.isOfOwner = true;
  return core.loadRead(key, asked, async (/** @type {import('../types/loader.js').LoaderContext} */ context) => {
    const load = /** @type {import('./directives.js').Load} */ (/** @type {unknown} */ (running.load));
    const ticket = raw.takeTicket(core.id, text);
    let isValid = false;
    let loaded;
    try {
      loaded = await loader(context);
    } finally {
      // The loader may have named tags.
      isValid = raw.returnTicket(core.target(text, load.said?.record), ticket);
    }
    if ((asked.shouldCache ?? core.shouldCache) !== undefined) load.said ??= core.directivesOf(load);
    const { said } = load;
    if (isValid && loaded !== undefined && !context.signal.aborted && (said?.stores(loaded) ?? true)) {
      await owner.set(key, loaded, said?.isGiven ? { ...options, ...said.options } : options);
      core.broadcastLoaded(key, loaded, record);
    }
    return loaded;
  });
}

module.exports = { getOrSetBy, overriddenBy };
