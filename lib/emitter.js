'use strict';
// The listeners of a cache's events.

const { EVENT_TYPES, FAULTS } = require('./contract/words.js');
const { callHandler } = require('./handlers.js');
const { publishTelemetry, telemetry } = require('./telemetry.js');

/** Logged as errors. @type {ReadonlySet<string>} */
const LOGGED = new Set(FAULTS);

/** Bits of the numbers of all events. They are more than 32, so they are added, not combined. */
const ALL = 2 ** EVENT_TYPES.length - 1;

/** The event of a value that was too large to be sent, and its number. */
const TOO_LARGE = 'set:broadcast-skipped';
const OF_TOO_LARGE = EVENT_TYPES.indexOf(TOO_LARGE);

/**
 * The collector of a dashboard. It is told all events but evictions, hits in L1 and writes of the mirror: of the last
 * two it gets only the keys, as long as it takes them, unless another handler wants the events.
 * @typedef {object} Recorder
 * @property {(event: any) => void} handle
 * @property {(key: EntryKey) => void} hit
 * @property {(key: EntryKey) => void} set
 * @property {boolean} takesHits
 * @property {boolean} takesSets
 * @property {(() => void) | undefined} changed to be called when it begins or stops taking them
 */

/**
 * A handler, the types of events that it wants, undefined for all, and an object that stands for its subscription.
 * @typedef {{ handler: (event: any) => void, types: Set<string> | undefined, subscription: object }} Listener
 */

/** The recorder counts evictions by the statistics: in a storm of writes there are as many as writes. */
const RECORDED = EVENT_TYPES.filter((type) => type !== 'evict');

class Emitter {
  /**
   * @param {import('./logger.js').Logger} logger
   * @param {((event: any) => void)[]} handlers
   */
  constructor(logger, handlers) {
    this.logger = logger;
    /** Each handler is there once, however often it was given. @type {readonly Listener[]} */
    this.listeners = [];
    /** Whether the event of a number is wanted. @type {readonly boolean[]} */
    this.wanted = [];
    this.wantsAny = false;
    /** Bits of the numbers of the events that are wanted, or to be warned of. */
    this.bits = 0;
    /** Whether the log is to warn of the first value that is too large to be sent. */
    this.watchesSizes = false;
    /** Records hits in L1 and writes of the mirror without events. @type {Recorder | undefined} */
    this.recorder = undefined;
    /** The same while no handler wants the hits, and the writes. @type {Recorder | undefined} */
    this.hits = undefined;
    /** @type {Recorder | undefined} */
    this.sets = undefined;
    /** Whether hits in L1, and writes of the mirror, have to be told. */
    this.tellsHits = false;
    this.tellsSets = false;
    for (const handler of handlers) this.on(handler);
    if (logger.traces) this.on((event) => trace(event, logger));
  }

  /**
   * @param {(event: any) => void} handler
   * @param {readonly string[]} [types] all without
   * @returns {() => void} ends the subscription
   */
  on(handler, types) {
    const known = this.listeners.find((listener) => listener.handler === handler);
    // Given again, it wants the types of both times.
    const all = types === undefined || (known !== undefined && known.types === undefined);
    const wanted = all ? undefined : new Set([...(known?.types ?? []), ...(types ?? [])]);
    const subscription = known?.subscription ?? {};
    const added = { handler, types: wanted, subscription };
    this.listen(known === undefined ? [...this.listeners, added] : replaced(this.listeners, known, added));
    // A later subscription of the handler is another one.
    return () => this.listen(this.listeners.filter((listener) => listener.subscription !== subscription));
  }

  /** @param {Recorder} recorder */
  record(recorder) {
    this.recorder = recorder;
    recorder.changed = () => this.direct();
    this.on(recorder.handle, RECORDED);
  }

  /** @param {readonly Listener[]} listeners */
  listen(listeners) {
    this.listeners = listeners;
    this.wanted = EVENT_TYPES.map((type) => listeners.some(({ types }) => types === undefined || types.has(type)));
    this.wantsAny = this.wanted.includes(true);
    this.bits = bitsOf(this.wanted, this.watchesSizes);
    this.direct();
  }

  /** Decides which handlers hear of the hits and writes of the mirror. */
  direct() {
    const { listeners, recorder } = this;
    const others = listeners.filter(({ handler }) => handler !== recorder?.handle);
    const wants = (/** @type {string} */ type) => others.some(({ types }) => types === undefined || types.has(type));
    const [hits, sets] = [wants('hit'), wants('set')];
    this.hits = hits ? undefined : recorder;
    this.sets = sets ? undefined : recorder;
    this.tellsHits = hits || recorder?.takesHits === true;
    this.tellsSets = sets || recorder?.takesSets === true;
  }

  /** Whether a hit in L1 is to be told. */
  get hearsHits() {
    return this.tellsHits || telemetry.hasSubscribers;
  }

  /** Whether a write of the mirror is to be told. */
  get hearsSets() {
    return this.tellsSets || telemetry.hasSubscribers;
  }

  /** Bits of the numbers of the events that are wanted, also by a diagnostics channel. */
  get interest() {
    return telemetry.hasSubscribers ? ALL : this.bits;
  }

  get observed() {
    return this.wantsAny || telemetry.hasSubscribers;
  }

  /** @param {number} number of an event */
  wants(number) {
    return this.wanted[number] || telemetry.hasSubscribers;
  }

  /** @param {Foreign} event */
  emit(event) {
    this.log(event);
    this.tell(event);
  }

  /**
   * Tells an event that is not logged.
   * @param {Foreign} event
   */
  tell(event) {
    const { listeners } = this;
    for (let at = 0; at < listeners.length; at++) {
      const { handler, types } = listeners[at];
      if (types === undefined || types.has(event.type)) callHandler(handler, event, this.logger);
    }
    publishTelemetry(event);
  }

  /**
   * Logs an event of a fault.
   * @param {Foreign} event
   */
  log(event) {
    if (LOGGED.has(event.type)) logFault(event, this.logger);
    else if (this.watchesSizes && event.type === TOO_LARGE) this.warnOfSize(event);
    else if (event.type === 'bus:gap' && event.reason === 'shared-source') this.warnOfSource();
  }

  warnOfSource() {
    this.logger.warn(
      'another instance publishes under the "source" of this one: values that it loads are taken for our own and are ' +
        'not applied. Leave "source" out, or give each instance another',
    );
  }

  /** Makes the log warn of the first value that is not sent because it exceeds the default bound. */
  watchSizes() {
    this.watchesSizes = true;
    this.bits = bitsOf(this.wanted, true);
  }

  /** @param {Foreign} event */
  warnOfSize({ key, bytes, maxBytes }) {
    this.watchesSizes = false;
    this.bits = bitsOf(this.wanted, false);
    this.logger.warn(
      `the value of ${JSON.stringify(key)} is not sent to other instances: its event has ${bytes} bytes, and ` +
        `"broadcastSetMaxBytes" is ${maxBytes} by default, as brokers cut off who falls behind with large ones`,
    );
  }
}

/**
 * A copy of the listeners in which `other` replaces `known`.
 * @param {readonly Listener[]} listeners
 * @param {Listener} known
 * @param {Listener} other
 */
function replaced(listeners, known, other) {
  return listeners.map((listener) => (listener === known ? other : listener));
}

/**
 * @param {readonly boolean[]} wanted
 * @param {boolean} watchesSizes
 */
function bitsOf(wanted, watchesSizes) {
  const isOn = (/** @type {number} */ number) => wanted[number] || (watchesSizes && number === OF_TOO_LARGE);
  return EVENT_TYPES.reduce((bits, _type, number) => (isOn(number) ? bits + 2 ** number : bits), 0);
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

/** The emitter of a store by itself: the cache that uses the store tells its events, once. */
class SilentEmitter extends Emitter {
  get observed() {
    return false;
  }

  get interest() {
    return 0;
  }

  emit() {}

  tell() {}

  log() {}
}

module.exports = { Emitter, SilentEmitter };
