'use strict';
// Sessions with a broker that JavaScript keeps. The driver of buses asks for each step, see src/bus/session.rs.

const { performance } = require('node:perf_hooks');
const { isUint8Array } = require('node:util/types');
const { ARRIVAL, SESSION_NEWS, SESSION_STEP } = require('../contract/codes.js');
const { argument, failure, reasonOf, unprefixed } = require('../errors.js');
const { bridge } = require('../raw.js');

const { raw } = bridge;

/**
 * @typedef {object} Opened a session that was opened
 * @property {(bytes: Buffer, isHeartbeat: boolean) => unknown} publish sends bytes; called again once its promise is
 *   settled. One that rejects ends the session, unless its error has the code `EVENT_REFUSED`
 * @property {() => unknown} [subscribe] begins to receive, if `connect` has not. Returns or resolves with `true` if the
 * broker has kept the messages that were sent meanwhile
 * @property {() => unknown} close
 * @property {string} [place] what it is connected to
 */

/**
 * @typedef {object} Handlers
 * @property {(bytes: Uint8Array, arrival?: number, outcome?: (handled: boolean) => unknown) => void} onMessage takes a
 * message that has arrived; the broker gets to know its outcome, if it waits for it
 * @property {(error?: unknown) => void} onLost
 * @property {() => void} onNoHeartbeats the user may not send or hear heartbeats
 * @property {AbortSignal} signal aborts when the session is no longer needed
 */

/**
 * @typedef {object} Transport
 * @property {(handlers: Handlers) => Opened | Promise<Opened>} connect
 */

/** The code of errors for events that a broker does not take, now or ever. */
const REFUSED = 'EVENT_REFUSED';
/** After this time, in milliseconds, the rest of a batch waits for the next one: the driver waits for 2 s at most. */
const BATCH_MS = 500;
/** The clock of Node.js, also where a test has fake timers. */
const now = performance.now.bind(performance);

class BusSession {
  #number;
  #transport;
  #context;
  #abort = new AbortController();
  /** @type {Opened | undefined} */
  #opened;
  /** The step under way; the next one waits for it. @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** How the broker gets to know the outcome of deliveries, by number. @type {Map<number, (handled: boolean) => unknown>} */
  #outcomes = new Map();
  #deliveries = 0;

  /**
   * @param {number} number
   * @param {Transport} transport
   * @param {import('node:async_hooks').AsyncResource} context in which the code of users runs
   */
  constructor(number, transport, context) {
    this.#number = number;
    this.#transport = transport;
    this.#context = context;
  }

  /**
   * Takes a step.
   * @param {number} what
   * @param {number} step its number, for the report of its end; -1 when none is wanted
   * @param {number} delivery that it is about
   * @param {Buffer[]} payloads
   */
  take(what, step, delivery, payloads) {
    if (what === SESSION_STEP.ACKNOWLEDGE || what === SESSION_STEP.REJECT) {
      this.#settle(delivery, what === SESSION_STEP.ACKNOWLEDGE);
      return;
    }
    const act = () => this.#context.runInAsyncScope(() => this.#act(what, step, payloads));
    // A step that hangs must not keep the session open.
    if (what === SESSION_STEP.CLOSE) act();
    else this.#last = this.#last.then(act);
  }

  /**
   * @param {number} what
   * @param {number} step
   * @param {Buffer[]} payloads
   * @returns {Promise<void>} never rejects
   */
  async #act(what, step, payloads) {
    const progress = { sent: 0 };
    try {
      if (what === SESSION_STEP.OPEN) await this.#open();
      else if (what === SESSION_STEP.SUBSCRIBE) progress.sent = (await this.#must().subscribe?.()) === true ? 1 : 0;
      else if (what === SESSION_STEP.CLOSE) await this.#close();
      else await this.#publish(payloads, what === SESSION_STEP.HEARTBEAT, progress);
      if (step >= 0) raw.sessionDone(step, progress.sent, textOf(this.#opened?.place));
    } catch (error) {
      const isRefused = /** @type {Foreign} */ (error)?.code === REFUSED;
      if (step >= 0) raw.sessionFailed(step, progress.sent, lossBy(error), isRefused);
      // A heartbeat: the driver does not wait for it.
      else if (!isRefused) this.#lose(error);
    }
  }

  async #open() {
    const opened = await this.#transport.connect({
      onMessage: (bytes, arrival, outcome) => this.#receive(bytes, arrival, outcome),
      onLost: (error) => this.#lose(error),
      onNoHeartbeats: () => raw.sessionNews(this.#number, SESSION_NEWS.NO_HEARTBEATS, ''),
      signal: this.#abort.signal,
    });
    this.#opened = opened;
    // The driver no longer waits for it.
    if (this.#abort.signal.aborted) await opened.close();
  }

  #must() {
    if (this.#opened === undefined || this.#abort.signal.aborted) throw failure('the session is closed');
    return this.#opened;
  }

  /**
   * @param {Buffer[]} payloads
   * @param {boolean} isHeartbeat
   * @param {{ sent: number }} progress
   */
  async #publish(payloads, isHeartbeat, progress) {
    const until = now() + BATCH_MS;
    for (const payload of payloads) {
      if (progress.sent > 0 && now() > until) return;
      await this.#must().publish(payload, isHeartbeat);
      progress.sent++;
    }
  }

  async #close() {
    this.#abort.abort();
    this.#outcomes.clear();
    await this.#opened?.close();
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} [arrival] default: one way for events and heartbeats
   * @param {(handled: boolean) => unknown} [outcome]
   */
  #receive(bytes, arrival = ARRIVAL.EITHER, outcome) {
    if (!isUint8Array(bytes)) throw argument('the message given to onMessage', 'a Uint8Array', bytes);
    if (this.#abort.signal.aborted) return;
    const delivery = outcome === undefined ? -1 : this.#deliveries++;
    if (outcome !== undefined) this.#outcomes.set(delivery, outcome);
    raw.sessionReceived(this.#number, bytes, arrival, delivery);
  }

  /**
   * @param {number} delivery
   * @param {boolean} handled
   */
  #settle(delivery, handled) {
    const outcome = this.#outcomes.get(delivery);
    this.#outcomes.delete(delivery);
    try {
      Promise.resolve(outcome?.(handled)).catch((error) => this.#lose(error));
    } catch (error) {
      this.#lose(error);
    }
  }

  /** @param {unknown} [error] */
  #lose(error) {
    if (!this.#abort.signal.aborted) raw.sessionNews(this.#number, SESSION_NEWS.LOST, lossBy(error));
  }
}

/** @param {unknown} error */
function lossBy(error) {
  return error === undefined ? 'the connection was lost' : unprefixed(reasonOf(error));
}

/** @param {unknown} place */
function textOf(place) {
  return typeof place === 'string' ? place : undefined;
}

module.exports = { BusSession, REFUSED };
