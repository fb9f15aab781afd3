'use strict';
// The other instances of a cache, as far as its events show them.

const { reasonOf } = require('../errors.js');

/** The most instances that are listed. */
const INSTANCES = 200;
const GAPS = 50;

/** The types of events that it takes. */
const BUS_TYPES = Object.freeze(['invalidation:received', 'bus:status', 'bus:gap']);

/**
 * @typedef {object} Instance
 * @property {string} source
 * @property {number} received
 * @property {number} lastSeenAt
 * @property {number | null} lastLagMs
 * @property {number | null} maxLagMs
 */

/** @param {string} source @returns {Instance} */
const newcomer = (source) => ({ source, received: 0, lastSeenAt: 0, lastLagMs: null, maxLagMs: null });

class BusLog {
  constructor() {
    /** By source. @type {Map<string, Instance>} */
    this.instances = new Map();
    /** @type {{ at: number, reason: string, missed: number }[]} */
    this.gaps = [];
    /** @type {{ at: number, status: string, error?: string }[]} */
    this.statuses = [];
    this.handle = this.handle.bind(this);
  }

  /** @param {Foreign} event */
  handle(event) {
    const at = Date.now();
    if (event.type === 'invalidation:received') {
      this.receive(event.event ?? {}, at);
    } else if (event.type === 'bus:gap') {
      this.gaps = [...this.gaps.slice(1 - GAPS), { at, reason: event.reason, missed: event.missed }];
    } else if (event.type === 'bus:status') {
      const fault = event.error === undefined ? {} : { error: reasonOf(event.error) };
      this.statuses = [...this.statuses.slice(1 - GAPS), { at, status: event.status, ...fault }];
    }
  }

  /**
   * @param {Foreign} message
   * @param {number} at
   */
  receive({ source, ts }, at) {
    const name = String(source);
    const known = this.instances.get(name) ?? newcomer(name);
    const lag = typeof ts === 'number' ? at - ts : null;
    known.received++;
    known.lastSeenAt = at;
    known.lastLagMs = lag;
    known.maxLagMs = lag === null ? known.maxLagMs : Math.max(known.maxLagMs ?? lag, lag);
    this.instances.delete(name);
    this.instances.set(name, known);
    const [first] = this.instances.keys();
    if (this.instances.size > INSTANCES) this.instances.delete(first);
  }

  /** The last status of the bus. */
  get state() {
    return this.statuses.at(-1)?.status ?? null;
  }
}

module.exports = { BUS_TYPES, BusLog };
