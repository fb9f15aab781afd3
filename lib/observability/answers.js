'use strict';
// Answers to the questions of the dashboard that need JavaScript, for all of its doors.

const { bridge } = require('../raw.js');
const { describe, encode, encodeSafely } = require('./json.js');
const { RemoteFeed } = require('./remote-feed.js');
const { renderPrometheus } = require('./prometheus.js');

const { raw } = bridge;

/** Entries of a page: by default, and at most. */
const LIMIT = 100;
const MOST = 10_000;

/**
 * @typedef {Readonly<Record<string, string>>} Params
 * @typedef {{ status: number, body: string }} HttpAnswer
 *
 * @typedef {object} Feed where a stream finds its events
 * @property {any} collector
 * @property {Set<import('./event-stream.js').EventStream>} streams those that are open
 * @property {(event: any) => string} show
 */

const ok = (/** @type {string} */ body) => ({ status: 200, body });

/**
 * @param {number} status
 * @param {string} error
 * @returns {HttpAnswer}
 */
const fault = (status, error) => ({ status, body: JSON.stringify({ error }) });

/**
 * The answer to a question that failed.
 * @param {Given} error
 */
function failureOf(error) {
  const isClosed = error instanceof Error && /** @type {Foreign} */ (error).code === 'CACHE_CLOSED';
  return fault(isClosed ? 503 : 500, describe(error));
}

/**
 * The leading digits of a parameter; `otherwise` without, or for 0 and less.
 * @param {string | undefined} text
 * @param {number} otherwise
 */
function limitOf(text, otherwise = LIMIT) {
  const number = Number.parseInt(text ?? '', 10);
  return number > 0 ? Math.min(number, MOST) : otherwise;
}

/**
 * The part of a layer to list.
 * @param {Params} params
 */
function listing({ limit, cursor, match, values }) {
  return {
    limit: limitOf(limit),
    ...(cursor === undefined ? {} : { cursor }),
    ...(match === undefined ? {} : { match }),
    includeValues: values !== 'false',
  };
}

/** Questions about other caches of this thread, by the ids of those. @type {Map<string, WeakRef<Answers>>} */
const others = new Map();

class Answers {
  /**
   * @param {import('../../types/dashboard.js').ObservabilityHandlerDeps & { explorer?: any, seat?: number }} deps
   * @param {import('./presenter.js').Presenter} presenter
   */
  constructor({ collector, inspector, options, explorer, seat }, presenter) {
    this.collector = collector;
    this.inspector = inspector;
    this.options = options;
    this.explorer = explorer;
    this.seat = seat;
    this.presenter = presenter;
    /** The open streams of the events of the cache. @type {Set<import('./event-stream.js').EventStream>} */
    this.streams = new Set();
    this.isOver = false;
  }

  /** The cache is closed: it tells no more events. */
  end() {
    this.isOver = true;
    forget(this.explorer.id);
    endAll(this.streams);
  }

  /** Lets the dashboards of other caches ask. */
  register() {
    others.set(this.explorer.id, new WeakRef(this));
  }

  /**
   * @param {string} what
   * @param {Params} params
   * @returns {Promise<HttpAnswer>}
   */
  async answer(what, params) {
    const { cache, ...rest } = params;
    if (what === 'caches' || what === 'health') return ok(this.lookUp(what, ''));
    if (what === 'history') return this.history(cache);
    if (cache === undefined || cache === this.explorer?.id) return this.answerHere(what, rest);
    return others.get(cache)?.deref()?.answerHere(what, rest) ?? this.answerElsewhere(what, cache, rest);
  }

  /**
   * The answer of the dashboard of a cache of another thread.
   * @param {string} what
   * @param {string} cache
   * @param {object} params
   * @returns {Promise<HttpAnswer>}
   */
  async answerElsewhere(what, cache, params) {
    const { core } = this.explorer ?? {};
    if (core === undefined) return fault(404, `there is no cache ${cache}`);
    const ask = (/** @type {number} */ target, /** @type {string} */ id) =>
      raw.obsAsk(target, id, what, JSON.stringify(params));
    /** @type {string} its status and its body */
    const text = await core.ask(ask, cache, undefined, undefined, 'obsAsk');
    const end = text.indexOf(' ');
    return { status: Number(text.slice(0, end)), body: text.slice(end + 1) };
  }

  /**
   * Where a stream finds the events of a cache, and how it shows them; undefined when there is none.
   * @param {string | undefined} cache
   * @returns {Feed | undefined}
   */
  feedOf(cache) {
    const of = (/** @type {Answers} */ { collector, presenter, streams }) => ({
      collector,
      streams,
      show: (/** @type {import('../../types/dashboard.js').RecordedEvent} */ event) => presenter.event(event),
    });
    if (cache === undefined || cache === this.explorer?.id) return this.isOver ? undefined : of(this);
    const other = others.get(cache)?.deref();
    if (other !== undefined) return of(other);
    if (this.explorer === undefined || this.lookUp('history', cache) === '') return undefined;
    /** @type {Feed['streams']} */
    const streams = new Set();
    const ask = (/** @type {object} */ params) => this.answerElsewhere('feed', cache, params).catch(failureOf);
    return {
      collector: new RemoteFeed(ask, () => endAll(streams)),
      streams,
      show: (/** @type {string} */ text) => text,
    };
  }

  /**
   * @param {string} what
   * @param {Params} params
   * @returns {Promise<HttpAnswer>}
   */
  async answerHere(what, params) {
    switch (what) {
      case 'overview':
        return ok(encode(this.collector.overview()));
      case 'l1':
        return ok(this.presenter.page(await this.inspector.inspectL1(listing(params))));
      case 'l2':
        return ok(this.presenter.page(await this.inspector.inspectL2(listing(params))));
      case 'config':
        return ok(encode(await this.config()));
      case 'metrics':
        return ok(await this.metrics());
      case 'l2size':
        return ok(String((await this.inspector.sizes()).l2Size ?? ''));
      case 'feed':
        return ok(this.feed(params));
      case 'events':
        return ok(this.events(params));
      case 'latency':
        return this.latency();
      default:
        return this.explore(what, params);
    }
  }

  /**
   * @param {string} what
   * @param {string} cache
   */
  lookUp(what, cache) {
    return raw.obsLookUp(what, this.seat, cache, process.version);
  }

  latency() {
    if (this.seat === undefined) return fault(404, 'not found');
    return this.isOver ? fault(503, 'the cache is closed') : ok(this.lookUp('latency', ''));
  }

  /** @param {string | undefined} cache */
  history(cache) {
    const id = cache ?? this.explorer?.id;
    const history = id === undefined ? '' : this.lookUp('history', id);
    return history === '' ? fault(404, 'there is no such cache') : ok(history);
  }

  async config() {
    const config = await this.inspector.config();
    return this.explorer === undefined ? config : { ...config, ...this.explorer.config() };
  }

  async metrics() {
    const { prefix } = this.options.prometheus;
    const gauges = await this.inspector.sizes();
    return renderPrometheus(this.collector, prefix, gauges) + raw.obsProcessMetrics(prefix);
  }

  /**
   * The events after a number for the server of the addon, a line each.
   * @param {Foreign} params
   */
  feed({ after, most }) {
    const events = /** @type {import('./recorder.js').Recorder} */ (this.collector).eventsAfter(after, most);
    return events
      .map(
        (/** @type {import('../../types/dashboard.js').RecordedEvent} */ event) =>
          `${event.seq} ${this.presenter.event(event)}`,
      )
      .join('\n');
  }

  /**
   * Some of the events that are kept, newest first.
   * @param {Params} params
   */
  events({ from, limit, type, key }) {
    const types = type === undefined || type === '' ? undefined : new Set(type.split(','));
    const after = Number.parseInt(from ?? '', 10) || 0;
    const most = limitOf(limit, 200);
    /** @type {string[]} */
    const found = [];
    for (const event of this.collector.recentEvents().reverse()) {
      if (found.length >= most || event.seq <= after) break;
      if (types?.has(event.type) === false || (key !== undefined && String(event.data['key']) !== key)) continue;
      found.push(this.presenter.event(event));
    }
    return `{"total":${this.collector.overview().totalEvents},"events":[${found.join(',')}]}`;
  }

  /**
   * Questions about a cache of this package alone.
   * @param {string} what
   * @param {Params} params
   * @returns {Promise<HttpAnswer>}
   */
  async explore(what, params) {
    const { explorer } = this;
    const needed = NEEDED[what];
    if (explorer === undefined || typeof explorer[METHODS[what]] !== 'function') return fault(404, 'not found');
    // The dashboard that asks allows the action; the dashboard of this cache has to allow it, too.
    if (ACTIONS.has(what) && this.options.actions !== true) return fault(405, 'method not allowed');
    if (needed !== undefined && params[needed] === undefined) return fault(400, `the parameter "${needed}" is needed`);
    const found = await explorer[METHODS[what]](params, this.presenter);
    return found === undefined ? fault(404, 'this layer cannot be looked into') : ok(found.json ?? encodeSafely(found));
  }
}

/** The method that answers each question. @type {Record<string, string>} */
const METHODS = {
  loads: 'loads',
  bus: 'bus',
  key: 'key',
  tree: 'tree',
  advice: 'advice',
  delete: 'delete',
  'delete-pattern': 'deletePattern',
  expire: 'expire',
  refresh: 'refresh',
};

/** Questions that change entries. */
const ACTIONS = new Set(['delete', 'delete-pattern', 'expire', 'refresh']);

/** Parameters that have no default. @type {Record<string, string>} */
const NEEDED = { key: 'key', delete: 'key', 'delete-pattern': 'pattern', expire: 'key', refresh: 'key' };

/** The dashboard of a cache is over. */
const forget = (/** @type {string} */ id) => void others.delete(id);

/** Ends streams. */
const endAll = (/** @type {Feed['streams']} */ streams) => [...streams].forEach((stream) => stream.finish());

module.exports = { Answers, failureOf, forget };
