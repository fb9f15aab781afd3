'use strict';
// A traced call: the object for subscribers and tracers, and the way in which its outcome becomes known.

const { AsyncLocalStorage } = require('node:async_hooks');

/**
 * A call of a cache, as a tracing channel passes it to its subscribers.
 * @typedef {import('../../types/tracing.js').TracedCall} TracedCall
 *
 * @typedef {object} Tracer
 * @property {<T>(call: TracedCall, run: () => Promise<T>) => Promise<T>} call
 * @property {<T>(load: () => T) => T} load runs the loader of a call, within that
 *
 * @typedef {object} Tracing
 * @property {import('node:diagnostics_channel').TracingChannel<any> | undefined} channel
 * @property {() => boolean} isTraced
 * @property {Tracer | undefined} tracer
 */

/** The call whose code runs. Events are told in its async context. @type {AsyncLocalStorage<TracedCall | undefined>} */
const current = new AsyncLocalStorage();

/**
 * The outcome of a call by an event. A later event refines it until the call is answered.
 * @type {Record<string, (call: TracedCall, event: Foreign) => void>}
 */
const OUTCOMES = {
  hit(call, { level }) {
    call.outcome = 'hit';
    call.layer = level;
  },
  miss(call, { level }) {
    call.outcome = level === 'negative' ? 'negative' : 'miss';
  },
  'inflight:reuse'(call) {
    call.outcome = 'joined';
  },
  'loader:start'(call) {
    call.outcome = 'loaded';
  },
  'stale:hit'(call) {
    call.outcome = 'stale';
  },
};
const TYPES = Object.keys(OUTCOMES);

/** Whether the answer of a call is known: what follows is a load in the background. @param {TracedCall} call */
const isAnswered = ({ outcome }) => outcome === 'hit' || outcome === 'stale';

/** Emitters that are listened to. @type {WeakSet<object>} */
const observed = new WeakSet();

/**
 * Listens to a cache for as long as calls are traced.
 * @param {import('../core.js').Core} core
 * @param {() => boolean} isTraced
 */
function observe(core, isTraced) {
  const { emitter } = core;
  if (observed.has(emitter)) return;
  observed.add(emitter);
  const off = emitter.on((event) => {
    const call = current.getStore();
    if (call !== undefined) {
      if (!isAnswered(call)) OUTCOMES[event.type](call, event);
    } else if (!isTraced()) {
      off();
      observed.delete(emitter);
    }
  }, TYPES);
  core.watch();
}

/**
 * @template T
 * @param {Tracing} tracing
 * @param {import('../core.js').Core} core
 * @param {import('../../types/tracing.js').TracedOperation} operation
 * @param {unknown} key
 * @param {(wrap: (loader: any) => any) => Promise<T>} run
 * @returns {Promise<T>}
 */
function trace({ channel, isTraced, tracer }, core, operation, key, run) {
  observe(core, isTraced);
  /** @type {TracedCall} */
  const call = { cache: core.name, operation, key, layer: undefined, outcome: undefined };
  const wrap = (/** @type {Loader} */ loader) => (tracer === undefined ? loader : tracedLoader(tracer, loader));
  // The events of several keys have no outcome in common, nor are they that of a call whose loader asks for them.
  const verb = () => current.run(operation.endsWith('Many') ? undefined : call, run, wrap);
  const onChannel = channel === undefined ? verb : () => channel.tracePromise(verb, call);
  return tracer === undefined ? onChannel() : tracer.call(call, onChannel);
}

/**
 * @param {Tracer} tracer
 * @param {unknown} loader
 */
function tracedLoader(tracer, loader) {
  if (typeof loader !== 'function') return loader;
  return (/** @type {unknown[]} */ ...args) => tracer.load(() => loader(...args));
}

module.exports = { trace };
