'use strict';
// Spans and metrics by OpenTelemetry.

const { context, metrics, SpanKind, SpanStatusCode, trace } = require('./otel-api.js');

const { optionType, reasonOf } = require('../errors.js');
const { flag } = require('../options/checks.js');
const { mustBeObject } = require('../options/read.js');
const { spans } = require('./index.js');
const { observeMetrics } = require('./otel-metrics.js');

/** @typedef {import('../../types/tracing.js').TracedCall} TracedCall */

const NAME = 'lazy-layers-cache';

/** Those of the calls of `instrument` that have not ended, the last one last. @type {Spans[]} */
const active = [];

/** Whether an answer came from the cache, by outcome; not known for other outcomes. */
const HITS = { hit: true, stale: true, negative: true, joined: false, loaded: false, miss: false };

/** Makes a span of each call, and one of each loader within. */
class Spans {
  /**
   * @param {import('@opentelemetry/api').Tracer} tracer
   * @param {{ keys: boolean }} show
   */
  constructor(tracer, { keys }) {
    this.tracer = tracer;
    this.keys = keys;
  }

  /**
   * @template T
   * @param {TracedCall} call
   * @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  call(call, run) {
    const { cache, operation, key } = call;
    const span = this.tracer.startSpan(`cache.${operation}`, { kind: SpanKind.INTERNAL });
    span.setAttribute('cache.operation', operation);
    if (cache !== '') span.setAttribute('cache.name', cache);
    if (this.keys && key !== undefined) span.setAttribute('cache.key', textOf(key));
    return context.with(trace.setSpan(context.active(), span), run).then(
      (value) => {
        describe(span, call, value);
        span.end();
        return value;
      },
      (error) => {
        describe(span, call, undefined);
        fail(span, /** @type {Foreign} */ (error));
        throw error;
      },
    );
  }

  /**
   * @template T
   * @param {() => T} load
   * @returns {T}
   */
  load(load) {
    const span = this.tracer.startSpan('cache.loader', { kind: SpanKind.INTERNAL });
    try {
      const loading = context.with(trace.setSpan(context.active(), span), load);
      Promise.resolve(loading).then(
        () => span.end(),
        (error) => fail(span, /** @type {Foreign} */ (error)),
      );
      return loading;
    } catch (error) {
      fail(span, /** @type {Foreign} */ (error));
      throw error;
    }
  }
}

/**
 * @param {import('@opentelemetry/api').Span} span
 * @param {TracedCall} call
 * @param {unknown} value
 */
function describe(span, { operation, layer, outcome }, value) {
  if (operation === 'has') span.setAttribute('cache.hit', value === true);
  if (outcome !== undefined) {
    span.setAttribute('cache.hit', HITS[outcome]);
    span.setAttribute('cache.outcome', outcome);
  }
  if (layer !== undefined) span.setAttribute('cache.layer', layer);
  const size = operation === 'get' || operation === 'getOrSet' ? sizeOf(value) : undefined;
  if (size !== undefined) span.setAttribute('cache.item_size', size);
}

/**
 * A key as text, also one that the call is about to refuse.
 * @param {unknown} key
 */
function textOf(key) {
  try {
    return String(key);
  } catch {
    return 'a key that cannot be shown';
  }
}

/**
 * The size of a text or of binary data in bytes; undefined of other values, as to measure them takes long.
 * @param {unknown} value
 */
function sizeOf(value) {
  if (typeof value === 'string') return Buffer.byteLength(value);
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? value.byteLength : undefined;
}

/**
 * @param {import('@opentelemetry/api').Span} span
 * @param {Foreign} error
 */
function fail(span, error) {
  span.recordException(error instanceof Error ? error : reasonOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: reasonOf(error) });
  span.end();
}

/**
 * @param {string} name
 * @param {Foreign} provider
 * @param {string} method
 */
function checkProvider(name, provider, method) {
  if (provider === undefined || provider === null || typeof provider[method] === 'function') return;
  throw optionType(name, `an object with the method ${method}`, provider);
}

/**
 * @param {Given} [options]
 * @returns {() => void} ends it
 */
function instrument(options = {}) {
  mustBeObject('options', options);
  const { tracerProvider, meterProvider, spans: ofCalls, metrics: ofStats, keys } = options ?? {};
  checkProvider('tracerProvider', tracerProvider, 'getTracer');
  checkProvider('meterProvider', meterProvider, 'getMeter');
  const [withSpans, withMetrics] = [flag('spans', ofCalls ?? true), flag('metrics', ofStats ?? true)];
  const showsKeys = flag('keys', keys ?? false);
  const tracer = (tracerProvider ?? trace).getTracer(NAME);
  const stopMetrics = withMetrics === 1 ? observeMetrics((meterProvider ?? metrics).getMeter(NAME)) : () => {};
  const stopSpans = withSpans === 1 ? makeSpans(new Spans(tracer, { keys: showsKeys === 1 })) : () => {};
  return () => {
    stopSpans();
    stopMetrics();
  };
}

/**
 * Makes spans in the place of those that are made. At the end, those that are still wanted are made again.
 * @param {Spans} made
 * @returns {() => void} ends it
 */
function makeSpans(made) {
  active.push(made);
  spans.tracer = made;
  return () => {
    const at = active.indexOf(made);
    if (at >= 0) active.splice(at, 1);
    spans.tracer = active.at(-1);
  };
}

module.exports = { instrument };
