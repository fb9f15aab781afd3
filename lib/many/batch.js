'use strict';
// Loads of several keys by one call of a loader.
//
// Each key has a load of its own, as by `getOrSet`, with all its promises: callers that ask for the key join the load,
// an invalidation voids it, limits of time end it. Only the loader is shared: the loader of a key enlists it in a
// batch. The batch calls the loader of the user as soon as it is known of every key whether it needs the loader. It
// does not wait for a key that joins another load, or waits for the lock of another instance: that load may wait for
// one of this batch. If the key needs the loader after all, the batch calls it again.

const { AsyncResource } = require('node:async_hooks');
const { isNativeError } = require('node:util').types;

const { ContextTraps, LoaderContext } = require('../loader-context.js');
const { LATER } = require('../loading.js');
const { hanging } = require('../hanging.js');
const { running } = require('../nesting.js');
const { react } = require('../reactions.js');
const { isThenable } = require('../thenable.js');
const { tellOfOtherKeys, valuesOf } = require('./answer.js');

/**
 * @typedef {import('../nesting.js').Load} Load
 *
 * @typedef {object} Wanting a key that needs the loader
 * @property {number} place among the keys of the call
 * @property {unknown} item the argument of the loader for it
 * @property {{ readonly signal?: AbortSignal | undefined } | undefined} context of its own loader
 * @property {Load | undefined} loading its load
 * @property {boolean} isOver
 * @property {(value: any) => void} take
 * @property {(error: unknown) => void} failed
 */

/**
 * The facts that the limit of loads needs: the cache, the options of the calls, and whether a loader that has its turn
 * made one of them.
 * @typedef {object} Limited
 * @property {import('../core.js').Core} core
 * @property {import('../options/read.js').OptionRecord | undefined} record
 * @property {boolean} isWithin
 */

const RESOLVED = Promise.resolve();

/**
 * Ends a load with its part of the answer of a loader.
 * @param {Load} load
 * @param {unknown} value
 */
function end(load, value) {
  if (typeof value !== 'object' && typeof value !== 'function') load.loaded(value);
  else if (value instanceof Error || isNativeError(value)) load.failed(value);
  else if (isThenable(value)) react(Promise.resolve(value), load);
  else load.loaded(value);
}

/**
 * Ends the load of a key with its part of an answer. A part whose `then` throws, for example, fails that key alone.
 * @param {Wanting} enlisted
 * @param {unknown[]} values
 * @param {number} at
 */
function takeOne(enlisted, values, at) {
  try {
    enlisted.take(values[at]);
  } catch (error) {
    enlisted.failed(error);
  }
}

/** A key that needs the loader, and the load that waits for it. */
class Enlisted {
  /**
   * @param {unknown} item the argument of the loader for it
   * @param {PassedContext} context of its own loader
   * @param {number} place among the keys of the call
   */
  constructor(item, context, place) {
    this.place = place;
    this.item = item;
    this.context = context;
    this.loading = /** @type {Load} */ (running.load);
    // The batch takes the turn of its keys.
    /** @type {Foreign} */ (this.loading)?.permit?.end();
  }

  /** Whether its load is over. */
  get isOver() {
    return this.loading.over;
  }

  /** @param {unknown} value */
  take(value) {
    end(this.loading, value);
  }

  /** @param {unknown} error */
  failed(error) {
    this.loading.failed(error);
  }
}

/** The same, by a promise: the load is that of a subclass. */
class Promised extends Enlisted {
  /**
   * @param {unknown} item
   * @param {PassedContext} context
   * @param {number} place
   */
  constructor(item, context, place) {
    super(item, context, place);
    /** @type {Promise<unknown>} */
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** A subclass may still wait for it after the end of any load. */
  get isOver() {
    return false;
  }

  /** @param {unknown} value */
  take(value) {
    if (value instanceof Error || isNativeError(value)) this.reject?.(value);
    else this.resolve?.(value);
  }

  /** @param {unknown} error */
  failed(error) {
    this.reject?.(error);
  }
}

/** The directives that a loader of several keys gives for all of them. */
const OF_ALL = ['skip', 'fail', 'setOptions'];

/**
 * A call of the loader. Its context has the signal of all keys: it aborts when the loads of all of them have aborted.
 * Its other directives hold for each key; `of(key)` is the context of one of them.
 */
class LoaderCall extends ContextTraps {
  /**
   * @param {Wanting[]} enlisted
   * @param {Limited | undefined} limited
   * @param {import('../logger.js').Logger} logger
   */
  constructor(enlisted, limited, logger) {
    super();
    this.enlisted = enlisted;
    this.limited = limited;
    this.logger = logger;
    /** The key of an item. @type {(item: any) => any} */
    this.keyOf = (item) => item;
    /** The key of the cache. @type {(key: any) => any} */
    this.named = (key) => key;
    /** @type {AbortController | undefined} */
    this.controller = undefined;
    /** @type {Set<Load | undefined> | undefined} */
    this.loads = undefined;
    /** Its keys, by their texts. @type {Map<string, Wanting> | undefined} */
    this.byText = undefined;
  }

  /**
   * Whether that is the load of one of its keys.
   * @param {Load} load
   */
  covers(load) {
    this.loads ??= new Set(this.enlisted.map((each) => each.loading));
    return this.loads.has(load);
  }

  /** @param {string} name */
  given(name) {
    if (OF_ALL.includes(name)) {
      return (/** @type {unknown} */ given) => {
        for (const { context } of this.enlisted) /** @type {any} */ (context)?.[name]?.(given);
      };
    }
    return (/** @type {unknown} */ key) => this.wanting(String(this.named(key)))?.context;
  }

  /**
   * The key with that text.
   * @param {string} text
   */
  wanting(text) {
    // Of two with one key the first counts.
    this.byText ??= new Map(
      this.enlisted.map((each) => /** @type {const} */ ([String(this.keyOf(each.item)), each])).reverse(),
    );
    return this.byText.get(text);
  }

  /** @returns {AbortSignal | undefined} */
  signalFor() {
    if (this.controller !== undefined) return undefined;
    const controller = new AbortController();
    this.controller = controller;
    let left = this.enlisted.length;
    for (const { context } of this.enlisted) {
      // A subclass may call a loader without one: then its key is wanted until the end.
      const signal = context?.signal;
      if (signal === undefined) continue;
      const aborted = () => {
        if (--left === 0) controller.abort(signal.reason);
      };
      if (signal.aborted) aborted();
      else signal.addEventListener('abort', aborted, { once: true });
    }
    return controller.signal;
  }

  /**
   * @param {(items: any[], context: any) => any} loadMany
   * @param {(item: any) => any} keyOf the key of an item
   */
  async run(loadMany, keyOf) {
    this.keyOf = keyOf;
    try {
      const answer = await this.inTurn(() => {
        const items = this.enlisted.map(({ item }) => item);
        return this.call(() => loadMany(items, new Proxy(new LoaderContext(), this)));
      });
      const { enlisted } = this;
      const keys = enlisted.map(({ item }) => keyOf(item));
      const values = valuesOf(answer, keys, 'loadMany');
      tellOfOtherKeys(this.logger, answer, keys, values);
      enlisted.forEach((each, at) => takeOne(each, values, at));
    } catch (error) {
      for (const each of this.enlisted) each.failed(error);
    }
  }

  /**
   * Calls the loader as soon as the limit of loads lets it.
   * @param {() => any} load
   * @returns {any}
   */
  inTurn(load) {
    const { limited } = this;
    const limit = limited?.core.limit;
    if (limited === undefined || limit === undefined) return load();
    const { core, record, isWithin } = limited;
    const loads = this.enlisted.map(({ loading }) => /** @type {any} */ (loading));
    // Keys that stale copies answer do not wait with the others. A subclass may call a loader without a load.
    const mayWait = (/** @type {boolean} */ hasRoom) => {
      const refused = this.leaveOut(({ loading }) =>
        loading === undefined ? !hasRoom : !core.mayWait(/** @type {any} */ (loading).key, record, hasRoom),
      );
      const error = limit.refuse(refused.map(({ loading }) => /** @type {any} */ (loading)));
      for (const each of refused) each.failed(error);
      return this.enlisted.length > 0;
    };
    const left = () => {
      this.leaveOut(({ isOver }) => isOver);
      return load();
    };
    return limit.run(loads, left, mayWait, isWithin || limit.isWithin);
  }

  /**
   * Takes keys out, and returns them.
   * @param {(enlisted: Wanting) => boolean} isOut
   */
  leaveOut(isOut) {
    /** @type {Wanting[]} */
    const out = [];
    /** @type {Wanting[]} */
    const others = [];
    for (const each of this.enlisted) (isOut(each) ? out : others).push(each);
    this.enlisted = others;
    return out;
  }

  /**
   * Calls the loader as that of all its keys.
   * @param {() => any} load
   */
  call(load) {
    const outer = running.load;
    running.load = this;
    try {
      return running.isAlert ? hanging.callForMany(this, load) : load();
    } finally {
      running.load = outer;
    }
  }
}

/** @type {readonly string[]} */
LoaderCall.prototype.names = Object.freeze([...OF_ALL, 'of']);

/** Keys that are loaded together. */
class Batch {
  /**
   * @param {(items: any[], context: any) => any} loadMany
   * @param {(item: any) => any} keyOf the key of an item
   * @param {{ core: import('../core.js').Core, record: import('../options/read.js').OptionRecord | undefined }} of the
   * calls
   */
  constructor(loadMany, keyOf, { core, record }) {
    this.loadMany = loadMany;
    this.keyOf = keyOf;
    this.logger = core.emitter.logger;
    /** @type {Limited | undefined} */
    this.limited = core.limit === undefined ? undefined : { core, record, isWithin: false };
    /** The number of keys that are not decided, and one more while keys are still enlisted. */
    this.undecided = 1;
    /** @type {Wanting[]} */
    this.enlisted = [];
    this.isDue = false;
    /** The async context of the call. The last key that is decided may be decided in another. */
    this.context = new AsyncResource('LazyLayersCacheBatch', { requireManualDestroy: true });
  }

  /**
   * The loader of a key.
   * @param {unknown} item
   * @param {PassedContext} context
   * @param {number} place
   */
  enlist(item, context, place) {
    this.add(new Enlisted(item, context, place));
    return LATER;
  }

  /**
   * The same, by a promise.
   * @param {unknown} item
   * @param {PassedContext} context
   * @param {number} place
   */
  promise(item, context, place) {
    const promised = new Promised(item, context, place);
    this.add(promised);
    return promised.promise;
  }

  /** @param {Wanting} enlisted */
  add(enlisted) {
    this.enlisted.push(enlisted);
    if (this.limited?.core.limit?.isWithin) this.limited.isWithin = true;
    this.look();
  }

  /** One key fewer to wait for. */
  decided() {
    this.undecided--;
    this.look();
  }

  /** All keys have come: those that were decided at once are loaded at once. */
  close() {
    this.undecided--;
    if (this.undecided === 0) this.flush();
  }

  /** Calls the loader soon, if all keys are decided. */
  look() {
    if (this.undecided > 0 || this.isDue || this.enlisted.length === 0) return;
    this.isDue = true;
    RESOLVED.then(() => this.flush());
  }

  flush() {
    this.isDue = false;
    // Limits of time may have ended loads that waited for others here.
    const enlisted = this.enlisted.filter(({ isOver }) => !isOver);
    this.enlisted = [];
    if (enlisted.length === 0) return;
    // The keys of one pipeline may be decided in another order.
    enlisted.sort((one, other) => one.place - other.place);
    const call = new LoaderCall(enlisted, this.limited, this.logger);
    this.context.runInAsyncScope(() => call.run(this.loadMany, this.keyOf));
  }
}

module.exports = { Batch, end };
