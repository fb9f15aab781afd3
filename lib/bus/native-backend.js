'use strict';
// A bus over the driver of the addon. Its sessions with the broker are in Rust, or in JavaScript.

const { Adapter } = require('../adapter.js');
const { NOTICE } = require('../contract/codes.js');
const { LAYERS } = require('../contract/numbers.js');
const { Core } = require('../core.js');
const { SilentEmitter } = require('../emitter.js');
const { optionRange } = require('../errors.js');
const { Logger } = require('../logger.js');
const { readLayerOptions } = require('../options/read.js');
const { bridge } = require('../raw.js');
const { unpack } = require('../serializer/unpack.js');
const { SlotTable } = require('../memory/slots.js');
const { packEvent, shownEvent } = require('../event-bytes.js');
const { Handling, missedBy } = require('./handling.js');

const { raw } = bridge;

/** Those with handlers, which live on by themselves. @type {Set<NativeBusBackend>} */
const listening = new Set();

class NativeBusBackend {
  /** By number. @type {Map<number, Handling>} */
  #handlings = new Map();
  #logger;
  #answers;
  #concurrency;
  #isDown = false;
  #open;

  /**
   * @param {unknown} described as src/binding/bus.rs reads it
   * @param {object} how
   * @param {import('../logger.js').Logger} how.logger
   * @param {number} [how.concurrency] how many events a handler is given at a time
   * @param {import('../redis/owner.js').Source} [how.answers] to questions of the addon about a connection to Redis
   * @param {(number: number) => import('./session.js').BusSession} [how.open] makes the sessions that are in JavaScript
   */
  constructor(described, { logger, concurrency = 1, answers, open }) {
    this.#answers = answers;
    this.#open = open;
    this.#logger = logger;
    this.#concurrency = concurrency;
    /** @type {number} */
    this.owner = bridge.nextAdapter++;
    bridge.addBus(this, this.owner);
    const id = raw.createBus(JSON.stringify(described), this.owner);
    if (typeof id !== 'number') throw optionRange('url', `${id}`, '(hidden)');
    /** @type {number} */
    this.native = id;
    this.core = new Core({
      record: readLayerOptions({}),
      table: new SlotTable(),
      adapter: new Adapter({ emitter: new SilentEmitter(new Logger(), []) }),
      flags: LAYERS.NO_L1,
      ownsTable: true,
    });
    bridge.released.bus.register(this, id);
  }

  /**
   * @param {(call: number, bus: number) => number} verb
   * @returns {Promise<any>}
   */
  ask(verb) {
    return this.answer(verb(this.core.id, this.native));
  }

  /**
   * @param {number} answer
   * @returns {Promise<any>}
   */
  answer(answer) {
    return this.core.answer(answer, undefined);
  }

  connect() {
    if (this.#handlings.size > 0) listening.add(this);
    return this.ask(raw.busConnect);
  }

  /** @param {Foreign} event */
  publish(event) {
    const { bytes, isJson } = packEvent(event);
    // Losing a `set` is harmless, so it is not numbered. A numbered event keeps its number.
    const mustArrive = event.type !== 'set' && event.publisher === undefined;
    return this.answer(raw.busPublish(this.core.id, this.native, bytes, isJson, mustArrive));
  }

  /** @param {(event: any) => any} handler */
  subscribe(handler) {
    const number = this.#handlings.size;
    this.#handlings.set(number, new Handling(handler, { concurrency: this.#concurrency, logger: this.#logger }));
    listening.add(this);
    raw.busListen(this.native, this.owner, number);
    return this.ask(raw.busSubscribed);
  }

  async health() {
    // This connects, so the bus counts as listening again.
    if (this.#handlings.size > 0) listening.add(this);
    const { ok, error, ...more } = JSON.parse(await this.ask(raw.busHealth));
    const isUp = (/** @type {boolean} */ up) => (up ? 'ready' : ok ? 'wait' : 'reconnecting');
    const states = { publisher: isUp(ok), subscriber: isUp(more.subscribed) };
    return { ok, ...(error === null ? {} : { error }), ...states, ...more, missed: missedBy(this.#handlings.values()) };
  }

  disconnect() {
    listening.delete(this);
    return this.ask(raw.busDisconnect);
  }

  /**
   * Takes an event that has arrived.
   * @param {number} number of the subscription
   * @param {number} delivery its number, for the report of its outcome; -1 when none is wanted
   * @param {number} form
   * @param {Buffer | number} bytes
   */
  receive(number, delivery, form, bytes) {
    const done = delivery < 0 ? undefined : (/** @type {boolean} */ well) => raw.busHandled(delivery, well);
    const handling = this.#handlings.get(number);
    let event;
    try {
      event = unpack(form, bytes);
    } catch {
      // An event that cannot be read counts as absent: another delivery does not help.
    }
    if (handling === undefined || event === undefined) done?.(true);
    else handling.push(shownEvent(event), typeof bytes === 'number' ? bytes : bytes.length, done);
  }

  /**
   * Opens a session with the broker, for the driver.
   * @param {number} number of the session
   */
  open(number) {
    return this.#open?.(number);
  }

  /**
   * Takes a question of the addon about a connection.
   * @param {number} question its number
   * @param {string} text
   */
  asked(question, text) {
    const { answerTo } = require('../redis/owner.js');
    return answerTo(/** @type {import('../redis/owner.js').Source} */ (this.#answers), question, text);
  }

  /**
   * Takes a notice of the addon for the owner of the bus.
   * @param {number} kind
   * @param {number} count
   * @param {string} text
   */
  notice(kind, count, text) {
    const logger = this.#logger;
    if (kind === NOTICE.UP) {
      if (this.#isDown) logger.info('the event bus is connected again');
      this.#isDown = false;
    } else if (kind === NOTICE.DOWN) {
      this.#isDown = true;
      logger.error(`the event bus is down: ${text}`);
    } else if (kind === NOTICE.UNSENT) {
      logger.warn(`the retry queue of the event bus is full: ${count} of the oldest events dropped`);
    } else if (kind === NOTICE.UNHANDLED) this.#handlings.values().next().value?.drop(count);
    else logger.error(text);
  }
}

module.exports = { NativeBusBackend };
