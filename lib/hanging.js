'use strict';
// Finds loaders that ask for their own key after their first `await`.
//
// Only an async context tells that, and a context for each load would cost more than many a load. So each load gets one
// in development and tests alone. Elsewhere a load gets one if its key has hung before: a call has waited long for a
// load of that key, or found it too old to be joined. The contexts of other loads do not change. When such a load ends
// without asking for itself, its key is no longer suspected. When it fails because it would wait for itself, its error
// ends those of the key that go on for long as well.

const { AsyncLocalStorage } = require('node:async_hooks');

const { clearTimeout, now, setTimeout } = require('./platform.js');

/** @typedef {import('./nesting.js').Load} Load */
/** @typedef {import('./nesting.js').Loader} Loader */
/** @typedef {WeakRef<Load>[]} Suspects weak, as ended loads have values */

/** How long a call may wait for a load before the load is suspected to wait for itself, in milliseconds. */
const PATIENCE_MS = 5000;
/** The most suspected keys of a cache. */
const MOST_SUSPECTS = 100;

const { then } = Promise.prototype;

/** The keys of each cache whose loads are suspected, and these loads. @type {WeakMap<object, Map<string, Suspects>>} */
const suspects = new WeakMap();

/** The errors of loads that were refused to loaders who would wait for themselves. @type {WeakSet<object>} */
const refusals = new WeakSet();

/** Caches with loads that were joined, until the next look that finds none. @type {WeakRef<Load['core']>[]} */
let watched = [];
/** The same caches, for lookups. @type {WeakSet<object>} */
const isWatched = new WeakSet();
/** @type {NodeJS.Timeout | undefined} */
let timer;
let patienceMs = PATIENCE_MS;

/** The load, or the batch of loads, whose loader runs in an async context; none inside loads without one of their own. */
class Asker {
  /** @param {Loader | undefined} loader */
  constructor(loader) {
    this.loader = loader;
    /** Whether it has asked for a key of its own. */
    this.hasAsked = false;
    /** How long it may wait for itself, in milliseconds. A timer of the loader may ask, too, while the load goes on. */
    this.patienceMs = patienceMs;
  }

  /** @param {Load} load */
  covers(load) {
    const isOwn = this.loader?.covers(load) === true;
    if (isOwn) this.hasAsked = true;
    return isOwn;
  }
}

/** @type {AsyncLocalStorage<Asker> | undefined} */
let storage;
/** Loads that run in a context of their own. */
let open = 0;
/** Whether each load gets a context. */
let isWatchful = ['development', 'test'].includes(process.env.NODE_ENV ?? '');

/** The load whose loader is being called, and whether loads may need contexts: all of them, or those of a key. */
const running = {
  /** @type {Loader | undefined} */
  load: undefined,
  isAlert: isWatchful,
};

const hanging = {
  /**
   * A call joins a load of the addon. Joins of local loads are too frequent to report each; see `replaced`.
   * @param {Load} load
   */
  joined(load) {
    if (load.joinedAt !== undefined) return;
    load.joinedAt = now();
    if (isWatched.has(load.core)) return;
    isWatched.add(load.core);
    watched.push(new WeakRef(load.core));
    timer ??= setTimeout(look, patienceMs).unref();
  },

  /**
   * The load whose loader runs the current code, if that is known.
   * @returns {Loader | undefined}
   */
  asker: () => running.load ?? (open === 0 ? undefined : storage?.getStore()),

  /**
   * A load is still under way, and too old to be joined by a call.
   * @param {Load} load
   */
  replaced(load) {
    if (!load.isLoaded) suspect(load);
  },

  /**
   * A loader is told with this error that it would wait for itself.
   * @param {Error} error
   */
  refused(error) {
    refusals.add(error);
  },

  /**
   * Calls the loader of a load: in a context of its own if its key is suspected, if others have one, or in development.
   * @param {Load} load
   * @param {() => any} call
   */
  call(load, call) {
    const keys = suspects.get(load.core);
    const key = String(load.key);
    const isSuspect = keys?.has(key) === true;
    return inContext(isSuspect || isWatchful ? load : undefined, call, (hasAsked, error) => {
      if (!isSuspect) return;
      if (!hasAsked) keys?.delete(key);
      else if (refusals.has(/** @type {any} */ (error))) giveUp(keys?.get(key)?.splice(0) ?? [], load, error);
    });
  },

  /**
   * The same for the loader of several keys, none of which is suspected.
   * @param {Loader} batch
   * @param {() => any} call
   */
  callForMany: (batch, call) => inContext(isWatchful ? batch : undefined, call),
};

/**
 * Calls a loader, as that of no load where `loader` is undefined.
 * @param {Loader | undefined} loader
 * @param {() => any} call
 * @param {(hasAsked: boolean, error?: unknown) => void} [ended] called with the error if the loader has rejected
 */
function inContext(loader, call, ended) {
  if (loader === undefined && open === 0) return call();
  const asker = new Asker(loader);
  storage ??= new AsyncLocalStorage();
  open++;
  const over = (/** @type {unknown} */ error) => {
    ended?.(asker.hasAsked, error);
    // From here on Node.js 20 and 22 need no hooks of promises for it.
    if (--open === 0 && !isWatchful) storage?.disable();
  };
  try {
    const loading = storage.run(asker, call);
    // The `then` of a user is called once, by the load.
    if (loading instanceof Promise) then.call(loading, () => over(undefined), over);
    else over(undefined);
    return loading;
  } catch (error) {
    over(undefined);
    throw error;
  }
}

/** Suspects the loads that calls have waited for too long. */
function look() {
  timer = undefined;
  const limit = now() - patienceMs;
  watched = watched.filter((reference) => {
    const core = reference.deref();
    const loads = core?.underWay() ?? [];
    const waiting = loads.filter(({ joinedAt, isLoaded }) => joinedAt !== undefined && !isLoaded);
    for (const load of waiting) if (Number(load.joinedAt) <= limit) suspect(load);
    if (core !== undefined && waiting.length === 0) isWatched.delete(core);
    return waiting.length > 0;
  });
  if (watched.length > 0) timer = setTimeout(look, patienceMs).unref();
}

/**
 * The loads whose loaders were called and have not ended.
 * @param {Suspects} loads
 * @returns {Load[]}
 */
function hung(loads) {
  const all = loads.map((reference) => reference.deref());
  return /** @type {Load[]} */ (all.filter((load) => load?.isCalled && !load.isLoaded));
}

/**
 * Ends loads that hang, as another load of their key has failed for it.
 * @param {Suspects} loads
 * @param {Load} failed
 * @param {unknown} error
 */
function giveUp(loads, failed, error) {
  for (const load of hung(loads)) if (load !== failed) load.giveUp(error);
}

/** @param {Load} load */
function suspect(load) {
  const { core, key } = load;
  let keys = suspects.get(core);
  if (keys === undefined) {
    suspects.set(core, (keys = new Map()));
    core.emitter.logger.warn(
      `a load of "${String(key)}" goes on for long, and other calls ask for the key: if its loader is one of them, it ` +
        'waits for itself. The next loads of the key are checked for that',
    );
  }
  running.isAlert = true;
  const known = keys.get(String(key));
  if (known === undefined && keys.size >= MOST_SUSPECTS) return;
  const others = hung(known ?? []).filter((other) => other !== load);
  keys.set(
    String(key),
    [...others, load].map((each) => new WeakRef(each)),
  );
}

/**
 * Changes how long calls may wait, for tests.
 * @param {number} ms
 */
function setPatience(ms = PATIENCE_MS) {
  patienceMs = ms;
  clearTimeout(timer);
  timer = watched.length > 0 ? setTimeout(look, ms).unref() : undefined;
}

/**
 * Changes whether each load gets a context, for tests.
 * @param {boolean} isOn
 */
function setWatchful(isOn) {
  isWatchful = isOn;
  running.isAlert ||= isOn;
}

module.exports = { hanging, running, setPatience, setWatchful };
