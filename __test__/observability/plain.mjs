// Plain objects in the place of requests and responses.
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { ObservabilityCollector, resolveObservabilityOptions } from '../../index.mjs';

export const LOGIN = `Basic ${Buffer.from('lazydev:lazydev').toString('base64')}`;

/** A request with the least that a handler needs; `null` is no login. */
export function request(url, { method = 'GET', authorization = LOGIN } = {}) {
  const events = new EventEmitter();
  return {
    url,
    method,
    headers: authorization === null ? {} : { authorization },
    on: (name, listener) => events.on(name, listener),
    close: () => events.emit('close'),
  };
}

/** A response that keeps its contents. */
export function response() {
  const events = new EventEmitter();
  const told = {
    status: undefined,
    headers: undefined,
    chunks: [],
    headersSent: false,
    writable: true,
    writableEnded: false,
    writeHead(status, headers) {
      Object.assign(told, { status, headers, headersSent: true });
      return told;
    },
    write(chunk) {
      told.chunks.push(String(chunk));
      return true;
    },
    end(chunk) {
      if (chunk !== undefined) told.chunks.push(String(chunk));
      told.writableEnded = true;
      return told;
    },
    on: (name, listener) => events.on(name, listener),
    close: () => events.emit('close'),
    get body() {
      return told.chunks.join('');
    },
    get json() {
      return JSON.parse(told.body);
    },
  };
  return told;
}

/** Asks a handler, and returns its answer within one turn of the event loop. */
export async function ask(handler, url, options) {
  const asked = request(url, options);
  const told = response();
  const isOurs = handler(asked, told);
  const atOnce = told.status;
  await turn();
  return Object.assign(told, { isOurs, atOnce, request: asked });
}

/** A collector that counts its subscriptions. */
export class CountingCollector extends ObservabilityCollector {
  subscriptions = 0;

  subscribe(listener) {
    const end = super.subscribe(listener);
    this.subscriptions++;
    return () => {
      this.subscriptions--;
      end();
    };
  }
}

/** The parts of a handler, with an inspector of the test's own. */
export function parts({ options = {}, inspector = {}, maxEvents = 10 } = {}) {
  return {
    collector: new CountingCollector(maxEvents),
    inspector: {
      inspectL1: async () => null,
      inspectL2: async () => null,
      sizes: async () => ({}),
      config: async () => ({ source: 's' }),
      ...inspector,
    },
    options: resolveObservabilityOptions({ enabled: true, route: '/dash', ...options }),
  };
}
