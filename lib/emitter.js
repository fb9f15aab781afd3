'use strict';
// Hands events to whoever listens.

const { callHandler } = require('./handlers.js');
const { publishTelemetry, telemetry } = require('./telemetry.js');

class Emitter {
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
        this.logger.warn(`cache ${event.type.slice(0, 2).toUpperCase()} ${event.operation} failed`, event.error);
        return;
      case 'event-bus:publish-error':
        this.logger.warn(`publishing a "${event.eventType}" event failed`, event.error);
        return;
      default:
    }
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
