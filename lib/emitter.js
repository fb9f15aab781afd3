'use strict';
// Hands events to whoever listens.

const { callHandler } = require('./handlers.js');
const { publishTelemetry, telemetry } = require('./telemetry.js');

/** Warnings of one kind come this often at most: a server that is lost fails everything that was on its way. */
const WARN_EVERY_MS = 1000;

class Emitter {
  /** By kind of warning: when it was logged last, and how many were left out since. @type {Map<string, { at: number, more: number }>} */
  #warned = new Map();

  /**
   * @param {import('./logger.js').Logger} logger
   * @param {((event: any) => void)[]} handlers
   */
  constructor(logger, handlers) {
    this.logger = logger;
    /** One entry per subscription: a handler may be given twice. @type {{ handler: (event: any) => void }[]} */
    this.subscriptions = handlers.map((handler) => ({ handler }));
  }

  /**
   * @param {(event: any) => void} handler
   * @returns {() => void} ends the subscription
   */
  on(handler) {
    const subscription = { handler };
    this.subscriptions = [...this.subscriptions, subscription];
    return () => {
      this.subscriptions = this.subscriptions.filter((other) => other !== subscription);
    };
  }

  get observed() {
    return this.subscriptions.length > 0 || telemetry.hasSubscribers;
  }

  /** @param {any} event */
  emit(event) {
    this.log(event);
    for (const { handler } of this.subscriptions) callHandler(handler, event, this.logger);
    publishTelemetry(event);
  }

  /** @param {any} event */
  log(event) {
    switch (event.type) {
      case 'l1:error':
      case 'l2:error':
        this.#warn(`cache ${event.type.slice(0, 2).toUpperCase()} ${event.operation} failed`, event.error);
        return;
      case 'event-bus:publish-error':
        this.#warn(`publishing a "${event.eventType}" event failed`, event.error);
        return;
      default:
    }
  }

  /**
   * @param {string} text also tells kinds of warnings apart
   * @param {unknown} error
   */
  #warn(text, error) {
    const now = Date.now();
    const last = this.#warned.get(text);
    if (last !== undefined && Math.abs(now - last.at) < WARN_EVERY_MS) {
      last.more++;
      return;
    }
    const more = last === undefined || last.more === 0 ? '' : `, as did ${last.more} before`;
    this.#warned.set(text, { at: now, more: 0 });
    this.logger.warn(text + more, error);
  }
}

/** Of a store by itself: what happens there is told by the cache that uses it, once. */
class SilentEmitter extends Emitter {
  get observed() {
    return false;
  }

  emit() {}
}

module.exports = { Emitter, SilentEmitter };
