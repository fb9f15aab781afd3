'use strict';
// The dashboard as a handler: for servers of Node.js, and for `Request` objects. The addon's router decides; this file
// carries out its decisions.

const { STREAMS } = require('../contract/observed.js');
const { bridge } = require('../raw.js');
const { Answers, failureOf } = require('./answers.js');
const { EventStream } = require('./event-stream.js');
const { pathOf } = require('./options.js');
const { Presenter } = require('./presenter.js');

const { raw } = bridge;

/**
 * @typedef {import('../../types/dashboard.js').ObservabilityHandlerDeps['collector']} Collector
 * @typedef {import('../../types/dashboard.js').ResolvedObservabilityOptions} Options
 * @typedef {{ status: number, headers: Record<string, string>, body: string | Buffer }} Answer
 * @typedef {import('./answers.js').Feed} Feed
 */

/**
 * The decision of the router about a request; it has the fields of its kind.
 * @typedef {object} Decision
 * @property {'foreign' | 'reply' | 'page' | 'file' | 'ask'} is
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {string} body
 * @property {string} prefix
 * @property {number} file
 * @property {boolean} brotli
 * @property {string} what
 * @property {Record<string, string>} params
 */

/** Releases routers that are garbage. */
const released = new FinalizationRegistry((/** @type {number} */ id) => raw.obsReleaseRouter(id));

/**
 * The configuration of the router.
 * @param {Options} options
 */
function routerOptions({ route, auth, prometheus, actions = false, allowedHosts = [], server }) {
  return {
    route: pathOf(route),
    auth: { ...auth, token: auth?.token ?? null },
    metrics: prometheus?.enabled === true,
    metricsPublic: prometheus?.public === true,
    actions,
    allowedHosts: server ? [server.host, ...allowedHosts] : allowedHosts,
  };
}

class Door {
  /** @param {import('../../types/dashboard.js').ObservabilityHandlerDeps & { explorer?: any, seat?: number }} deps */
  constructor(deps) {
    this.collector = deps.collector;
    this.presenter = new Presenter(deps.options);
    this.answers = new Answers(deps, this.presenter);
    this.streams = 0;
    this.router = raw.obsCreateRouter(JSON.stringify(routerOptions(deps.options)));
    released.register(this, this.router);
  }

  /**
   * The decision of the router about a request.
   * @param {string} method
   * @param {string} target
   * @param {(name: string) => unknown} header
   * @param {unknown} peer
   * @returns {Decision}
   */
  decide(method, target, header, peer) {
    const text = (/** @type {string} */ name) => {
      const value = header(name);
      return typeof value === 'string' ? value : null;
    };
    const ask = {
      method,
      target,
      authorization: text('authorization'),
      host: text('host'),
      origin: text('origin'),
      site: text('sec-fetch-site'),
      action: text('x-lazy-layers-action'),
      encodings: text('accept-encoding'),
      peer: typeof peer === 'string' ? peer : '',
    };
    try {
      return JSON.parse(raw.obsDecide(this.router, JSON.stringify(ask)));
    } catch {
      // A target that is no text.
      return /** @type {Decision} */ ({ is: 'foreign' });
    }
  }

  /**
   * The whole answer of a decision that needs no waiting; undefined for the others.
   * @param {Decision} decision
   * @returns {Answer | undefined}
   */
  atOnce({ is, status, headers, body, prefix, file, brotli }) {
    if (is === 'reply') return { status, headers, body };
    if (is === 'page') return { status: 200, headers, body: raw.obsHtml(prefix) };
    if (is === 'file') return { status: 200, headers, body: raw.obsFile(file, brotli) };
    return undefined;
  }

  /**
   * The answer to a question; never rejects.
   * @param {Decision} decision
   * @returns {Promise<Answer>}
   */
  async answer({ what, params, headers }) {
    try {
      const { status, body } = await this.answers.answer(what, params);
      return status === 200 ? { status, headers, body } : failed(headers, status, body);
    } catch (error) {
      const { status, body } = failureOf(/** @type {Given} */ (error));
      return failed(headers, status, body);
    }
  }

  /**
   * Begins a stream.
   * @param {Decision} decision
   * @param {Feed} feed
   * @param {import('./event-stream.js').Sink} sink
   */
  open({ params }, { collector, show, streams }, sink) {
    this.streams++;
    const stream = new EventStream(collector, show, sink, (ended) => {
      this.streams--;
      streams.delete(ended);
    });
    streams.add(stream);
    const from = Number.parseInt(params.from, 10) || 0;
    stream.replay(collector.recentEvents().filter((/** @type {{ seq: number }} */ { seq }) => seq > from));
    return stream;
  }

  /**
   * Why there is no stream, if so.
   * @param {Decision} decision
   * @param {Feed | undefined} feed
   * @returns {Answer | undefined}
   */
  noStream({ headers, params }, feed) {
    if (feed === undefined) {
      const { cache } = params;
      return cache === undefined
        ? failed(headers, 503, '{"error":"the cache is closed"}')
        : failed(headers, 404, JSON.stringify({ error: `there is no cache ${cache}` }));
    }
    return this.streams < STREAMS.MOST ? undefined : failed(headers, 503, '{"error":"too many streams are open"}');
  }

  /**
   * Answers a request of a server of Node.js. Returns whether it was for the dashboard.
   * @param {Foreign} request
   * @param {Foreign} response
   * @param {unknown} [next] called when it was not
   */
  serve(request, response, next) {
    try {
      const decision = this.ofNode(request);
      if (decision.is !== 'foreign') {
        this.carryOut(decision, request, response);
        return true;
      }
    } catch {
      // An object that is no request.
    }
    if (typeof next === 'function') next();
    return false;
  }

  /** @param {Foreign} request */
  ofNode(request) {
    const { headers = {}, url, originalUrl, method = 'GET', socket } = request;
    // HTTP/2 names the host in a pseudo-header.
    const header = (/** @type {string} */ name) => headers[name] ?? (name === 'host' ? headers[':authority'] : null);
    const decide = (/** @type {unknown} */ target) =>
      this.decide(String(method), String(target ?? ''), header, socket?.remoteAddress);
    const decision = decide(url);
    // Frameworks strip the path that a handler is mounted under.
    const isStripped = decision.is === 'foreign' && typeof originalUrl === 'string' && originalUrl !== url;
    return isStripped ? decide(originalUrl) : decision;
  }

  /**
   * @param {Decision} decision
   * @param {Foreign} request
   * @param {Foreign} response
   */
  carryOut(decision, request, response) {
    const isHead = request.method === 'HEAD';
    const answer = this.atOnce(decision);
    if (answer !== undefined) send(response, answer, isHead);
    else if (decision.what === 'stream') this.stream(decision, request, response);
    else void this.answer(decision).then((answer) => send(response, answer, isHead));
  }

  /**
   * @param {Decision} decision
   * @param {Foreign} request
   * @param {Foreign} response
   */
  stream(decision, request, response) {
    const feed = this.answers.feedOf(decision.params.cache);
    const refusal = this.noStream(decision, feed);
    const isHead = request.method === 'HEAD';
    if (refusal !== undefined) {
      send(response, refusal, isHead);
      return;
    }
    // HTTP/2 has no headers of a connection.
    response.writeHead(200, request.httpVersionMajor > 1 ? hopless(decision.headers) : decision.headers);
    if (isHead) {
      response.end();
      return;
    }
    response.flushHeaders?.();
    const stream = this.open(decision, /** @type {Feed} */ (feed), {
      write(text) {
        if (response.writable !== false && !response.writableEnded) response.write(text);
      },
      waiting: () => response.writableLength ?? 0,
      end(text, isStuck) {
        response.end(text);
        // A client that does not read does not notice the end either.
        if (isStuck) response.destroy?.();
      },
    });
    const close = () => stream.close();
    for (const one of [request, response]) one.on?.('close', close);
    response.on?.('error', close);
  }

  /**
   * Answers a `Request`; undefined when it is not for the dashboard.
   * @param {Request} request
   * @returns {Promise<Response | undefined>}
   */
  async fetch(request) {
    const { pathname, search, host } = new URL(request.url);
    // A request that was made of one over HTTP/2, or by the program itself, need not have the header.
    const header = (/** @type {string} */ name) => request.headers.get(name) ?? (name === 'host' ? host : null);
    const decision = this.decide(request.method, pathname + search, header, '');
    if (decision.is === 'foreign') return undefined;
    const isHead = request.method === 'HEAD';
    if (decision.what === 'stream') return this.streamed(decision, request, isHead);
    const answer = this.atOnce(decision) ?? (await this.answer(decision));
    const body = isHead ? null : /** @type {any} a body of `Response` */ (answer.body);
    return new Response(body, { status: answer.status, headers: hopless(answer.headers) });
  }

  /**
   * @param {Decision} decision
   * @param {Request} request
   * @param {boolean} isHead
   */
  streamed(decision, request, isHead) {
    const feed = this.answers.feedOf(decision.params.cache);
    const refusal = this.noStream(decision, feed);
    if (refusal !== undefined || isHead) {
      const { status, headers, body } = refusal ?? { status: 200, headers: decision.headers, body: null };
      const text = isHead ? null : /** @type {string} */ (body);
      return new Response(text, { status, headers: hopless(headers) });
    }
    const encoder = new TextEncoder();
    /** @type {EventStream | undefined} */
    let stream;
    const body = new ReadableStream(
      {
        start: (controller) => {
          stream = this.open(decision, /** @type {Feed} */ (feed), {
            write: (text) => controller.enqueue(encoder.encode(text)),
            waiting: () => Math.max(0, -(controller.desiredSize ?? 0)),
            end(text) {
              if (text !== '') controller.enqueue(encoder.encode(text));
              controller.close();
            },
          });
        },
        cancel: () => stream?.close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
    );
    request.signal?.addEventListener('abort', () => stream?.close(), { once: true });
    return new Response(/** @type {any} a body of `Response` */ (body), {
      status: 200,
      headers: hopless(decision.headers),
    });
  }
}

/**
 * An error in the place of an answer.
 * @param {Record<string, string>} headers
 * @param {number} status
 * @param {string} body
 * @returns {Answer}
 */
function failed({ Connection: _, 'X-Accel-Buffering': __, ...headers }, status, body) {
  return { status, headers: { ...headers, 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }, body };
}

/**
 * Headers without those of a connection, which is not known here.
 * @param {Record<string, string>} headers
 */
function hopless({ Connection: _, ...headers }) {
  return headers;
}

/**
 * @param {Foreign} response
 * @param {Answer} answer
 * @param {boolean} isHead
 */
function send(response, { status, headers, body }, isHead) {
  try {
    // The client may have gone meanwhile, or the server have answered for us.
    if (response.headersSent || response.writableEnded) return;
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    response.writeHead(status, { ...headers, 'Content-Length': String(length) });
    if (isHead) response.end();
    else response.end(body);
  } catch {
    // The client has gone.
  }
}

/**
 * The door to a dashboard, and its handler.
 * @param {import('../../types/dashboard.js').ObservabilityHandlerDeps & { explorer?: any, seat?: number }} deps
 */
function createDoor(deps) {
  const door = new Door(deps);
  /** @type {(request: any, response: any, next?: unknown) => boolean} */
  const handler = (request, response, next) => door.serve(request, response, next);
  const both = Object.assign(handler, { handle: (/** @type {Request} */ request) => door.fetch(request) });
  return { answers: door.answers, handler: both };
}

/**
 * @param {import('../../types/dashboard.js').ObservabilityHandlerDeps} deps
 */
function createObservabilityHandler(deps) {
  return createDoor(deps).handler;
}

module.exports = { createDoor, createObservabilityHandler, routerOptions };
