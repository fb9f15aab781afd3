'use strict';
// Events of a stream that were handed on and are not acknowledged yet, as drivers/src/nats/taken.rs keeps them.

const timers = require('node:timers');

/** Of Node.js, also where a test has fake timers. */
const { clearInterval, setInterval } = timers;
/** Milliseconds before an event that could not be handled is delivered again. */
const AGAIN_MS = 1000;
/** The shortest and the longest time, in milliseconds, between two reports of what is being handled. */
const OFTEN_MS = 50;
const RARELY_MS = 60_000;

class Taken {
  /** By their places in the stream. @type {Map<number, Foreign>} */
  #messages = new Map();
  #timer;

  /** @param {number} ackWaitMs how long the server waits for an acknowledgement */
  constructor(ackWaitMs) {
    const every = Math.min(Math.max(ackWaitMs / 2, OFTEN_MS), RARELY_MS);
    this.#timer = setInterval(() => this.#keep(), every);
    this.#timer.unref();
  }

  /**
   * Takes an event, and returns how the server gets to know its outcome; nothing if it is being handled already.
   * @param {Foreign} message
   * @returns {((handled: boolean) => unknown) | undefined}
   */
  take(message) {
    const { seq: place } = message;
    if (this.#messages.has(place)) return undefined;
    if (place !== undefined) this.#messages.set(place, message);
    return (handled) => {
      this.#messages.delete(place);
      return handled ? message.ack() : message.nak(AGAIN_MS);
    };
  }

  end() {
    clearInterval(this.#timer);
  }

  /** Tells the server which events are being handled. It would deliver them again. */
  #keep() {
    try {
      for (const message of this.#messages.values()) message.working();
    } catch {
      // The connection is closed, which ends the session.
    }
  }
}

module.exports = { Taken };
