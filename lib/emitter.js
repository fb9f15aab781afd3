'use strict';
// Hands events to whoever listens.

const { FAULTS } = require('./contract/codes.js');
const { callHandler } = require('./handlers.js');
const { publishTelemetry, telemetry } = require('./telemetry.js');


/** Logged as errors. @type {ReadonlySet<string>} */
const LOGGED = new Set(FAULTS);

class Emitter {
  /**
   * @param {import('./logger.js').Logger} logger
   * @param {((event: any) => void)[]} handlers
   */
  constructor(logger, handlers) {
    this.logger = logger;
    /** Each is there once, however often it was given. @type {((event: any) => void)[]} */
    this.handlers = [...new Set(handlers)];
    if (logger.traces) this.handlers.push((event) => trace(event, logger));
  }

  /**
   * @param {(event: any) => void} handler
   * @returns {() => void} ends the subscription
   */
  on(handler) {
    if (!this.handlers.includes(handler)) this.handlers = [...this.handlers, handler];
    return () => {
      this.handlers = this.handlers.filter((other) => other !== handler);
    };
  }

  get observed() {
    return this.handlers.length > 0 || telemetry.hasSubscribers;
  }

  /** @param {Foreign} event */
  emit(event) {
    this.log(event);
    for (const handler of this.handlers) callHandler(handler, event, this.logger);
    publishTelemetry(event);
  }

  /**
   * Logs an event that tells of a fault.
   * @param {Foreign} event
   */
  log(event) {
    if (LOGGED.has(event.type)) logFault(event, this.logger);
  }
}

/**
 * @param {Foreign} event
 * @param {import('./logger.js').Logger} logger
 */
function logFault({ type, key, operation, eventType, error }, logger) {
  if (type === 'loader:error') logger.error('a loader failed', error, { key });
  else if (type === 'event-bus:publish-error') logger.error(`publishing a "${eventType}" event failed`, error);
  else logger.error(`cache ${type.slice(0, 2).toUpperCase()} ${operation} failed`, error);
}

/**
 * Logs every event: `logging.enabled` asks for it. Faults are logged as such.
 * @param {Foreign} event
 * @param {import('./logger.js').Logger} logger
 */
function trace({ type, ...about }, logger) {
  if (!LOGGED.has(type)) logger.debug(`cache ${type}`, about);
}

/** Of a store by itself: what happens there is told by the cache that uses it, once. */
class SilentEmitter extends Emitter {
  get observed() {
    return false;
  }

  emit() {}

  log() {}
}

module.exports = { Emitter, SilentEmitter };
