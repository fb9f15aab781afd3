'use strict';
// A stream of events to a viewer.

const { STREAMS } = require('../contract/observed.js');

const { BURST, DROPPED, PING_MS, ROUND_MS } = STREAMS;

/** The events that are sent at once in a round. Of further events, only the last ones are sent, at its end. */
const AT_ONCE = 100;
/** Bytes that may wait for a client. One that is slower is dropped. */
const MOST_WAITING = 1 << 20;

// Tests that replace timers need not drive those of a dashboard.
const { setInterval, clearInterval, setTimeout, clearTimeout } = globalThis;

/**
 * A sink for the text of a stream.
 * @typedef {object} Sink
 * @property {(text: string) => void} write
 * @property {() => number} waiting how many bytes wait to be sent
 * @property {(text: string, isStuck: boolean) => void} end ends it with a last text; a client that is stuck does not
 * read it
 */

class EventStream {
  /**
   * @param {import('./handler.js').Collector} collector
   * @param {(event: import('../../types/dashboard.js').RecordedEvent) => string} show
   * @param {Sink} sink
   * @param {(stream: EventStream) => void} ended
   */
  constructor(collector, show, sink, ended) {
    this.show = show;
    this.sink = sink;
    this.ended = ended;
    this.isOpen = true;
    /** Events that wait for the end of the window. @type {import('../../types/dashboard.js').RecordedEvent[]} */
    this.waiting = [];
    this.sent = 0;
    /** @type {NodeJS.Timeout | undefined} */
    this.window = undefined;
    this.ping = setInterval(() => this.write(': ping\n\n'), PING_MS);
    this.ping.unref?.();
    this.unsubscribe = collector.subscribe((event) => this.take(event));
    this.write('retry: 3000\n\n');
  }

  /**
   * Sends the events that there are already.
   * @param {readonly import('../../types/dashboard.js').RecordedEvent[]} events
   */
  replay(events) {
    if (events.length > 0) this.write(events.map((event) => this.textOf(event)).join(''));
  }

  /** @param {import('../../types/dashboard.js').RecordedEvent} event */
  textOf(event) {
    return `data: ${this.show(event)}\n\n`;
  }

  /** @param {import('../../types/dashboard.js').RecordedEvent} event */
  take(event) {
    if (this.window === undefined) {
      this.sent = 0;
      this.window = setTimeout(() => this.flush(), ROUND_MS);
      this.window.unref?.();
    }
    if (this.sent < AT_ONCE) {
      this.sent++;
      this.write(this.textOf(event));
    } else {
      this.waiting.push(event);
      if (this.waiting.length >= 2 * BURST) this.waiting = this.waiting.slice(-BURST);
    }
  }

  flush() {
    this.window = undefined;
    const events = this.waiting.slice(-BURST);
    this.waiting = [];
    this.replay(events);
  }

  /** @param {string} text */
  write(text) {
    if (!this.isOpen) return;
    if (this.sink.waiting() > MOST_WAITING) this.drop();
    else this.sink.write(text);
  }

  /** The client does not keep up. */
  drop() {
    this.close();
    this.sink.end(DROPPED, true);
  }

  /** There are no more events. */
  finish() {
    if (!this.isOpen) return;
    this.flush();
    // A client that does not keep up may have been dropped with that.
    if (!this.isOpen) return;
    this.close();
    this.sink.end('', false);
  }

  /** The client has gone, or goes. */
  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    clearInterval(this.ping);
    clearTimeout(this.window);
    this.unsubscribe();
    this.ended(this);
  }
}

module.exports = { EventStream };
