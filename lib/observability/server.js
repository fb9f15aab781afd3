'use strict';
// A server of Node.js around a handler of the dashboard.

const { createServer } = require('node:http');

const { Logger } = require('../logger.js');
const { pathOf } = require('./options.js');

const logger = new Logger();

/**
 * @param {string} host
 * @param {number} port
 * @param {string} route
 */
function urlOf(host, port, route) {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${pathOf(route)}`;
}

/**
 * A handle of a server, whose port may be known only when it listens.
 * @param {any} server of Node.js, or one like it
 * @param {{ host: string, port: number, route: string }} options
 * @param {() => Promise<void>} close
 */
function handleOf(server, { host, port, route }, close) {
  return {
    server,
    host,
    get port() {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    get url() {
      return urlOf(host, this.port, route);
    },
    close,
  };
}

/** Whether a request names a path. A proxy's request names an address. */
const namesPath = (/** @type {string} */ target) =>
  (target.startsWith('/') && !target.startsWith('//')) || /^https?:\/\//i.test(target);

/**
 * Starts a server whose requests the handler answers.
 * @param {(request: any, response: any) => boolean} handler
 * @param {{ host: string, port: number, route: string }} options
 */
function startObservabilityServer(handler, { host, port, route }) {
  const server = createServer((request, response) => {
    if (handler(request, response)) return;
    const isPath = namesPath(request.url ?? '');
    response.writeHead(isPath ? 404 : 400, { 'Content-Type': 'text/plain' });
    response.end(isPath ? 'Not found' : 'Bad request');
  });
  // A client that does not end its request is cut off.
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  server.maxConnections = 128;
  server.on('error', (error) => logger.error('the server of the dashboard failed', error));
  server.listen(port, host);
  // A dashboard does not keep the process alive by itself.
  server.unref();
  /** @type {Promise<void> | undefined} */
  let closing;
  const close = () => {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closing;
  };
  return handleOf(server, { host, port, route }, close);
}

module.exports = { handleOf, startObservabilityServer, urlOf };
