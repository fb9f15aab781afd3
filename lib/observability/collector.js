'use strict';
// Counts the events of a cache, and keeps the last of them.

const { COUNTERS } = require('../contract/observed.js');

/**
 * @typedef {import('../../types/dashboard.js').ObservabilityCounters} Counters
 * @typedef {import('../../types/dashboard.js').RecordedEvent} RecordedEvent
 */

/** So many events are kept at most. */
const MOST = 1_000_000;

/** @type {Readonly<Record<string, (counters: Counters, event: Foreign) => void>>} */
const COUNT = Object.freeze({
  hit: (counters, { level }) => void (level === 'L2' ? counters.hitsL2++ : counters.hitsL1++),
  miss(counters, { level }) {
    if (level === 'L1') counters.missesL1++;
    else if (level === 'L2') counters.missesL2++;
    else counters.missesNegative++;
  },
  set: (counters) => void counters.sets++,
  delete: (counters) => void counters.deletes++,
  'delete-pattern': (counters) => void counters.deletePatterns++,
  'loader:start': (counters) => void counters.loaderStart++,
  'loader:success': (counters) => void counters.loaderSuccess++,
  'loader:error': (counters) => void counters.loaderError++,
  'loader:timeout': (counters) => void counters.loaderTimeout++,
  'inflight:reuse': (counters) => void counters.inflightReuse++,
  'inflight:bypass': (counters) => void counters.inflightBypass++,
  'stale:hit': (counters) => void counters.staleHit++,
  'negative:set': (counters) => void counters.negativeSet++,
  'l2:error': (counters) => void counters.l2Error++,
  'l2:skipped': (counters) => void counters.l2Skipped++,
  'event-bus:publish-error': (counters) => void counters.eventBusPublishError++,
  'event-bus:publish-skipped': (counters) => void counters.eventBusPublishSkipped++,
  'invalidation:received': (counters) => void counters.invalidationReceived++,
  'invalidation:duplicate': (counters) => void counters.invalidationDuplicate++,
  'invalidation:stale': (counters) => void counters.invalidationStale++,
  'set:received': (counters) => void counters.setReceived++,
  'set:broadcast': (counters) => void counters.setBroadcast++,
  'set:broadcast-skipped': (counters) => void counters.setBroadcastSkipped++,
});

class ObservabilityCollector {
  /** @param {number} maxEvents how many events are kept, at least one */
  constructor(maxEvents) {
    this.maxEvents = Math.min(Math.max(1, Math.floor(maxEvents) || 1), MOST);
    this.startedAt = Date.now();
    /** How many events there were. */
    this.total = 0;
    /** @type {Counters} */
    this.counters = /** @type {any} */ (Object.fromEntries(COUNTERS.map((name) => [name, 0])));
    /** The last events, each at its number modulo their bound. @type {Foreign[]} */
    this.events = [];
    /** When they came. @type {number[]} */
    this.times = [];
    /** @type {Set<(event: RecordedEvent) => void>} */
    this.listeners = new Set();
    /** What hears of all events but hits in L1. @type {((event: Foreign) => void)[]} */
    this.taps = [];
    this.handle = this.handle.bind(this);
  }

  /**
   * Takes an event of a cache.
   * @param {Foreign} event
   */
  handle(event) {
    const { type } = event;
    // Most events are hits, and nobody but who looks on wants those.
    if (type === 'hit' && event.level === 'L1') this.counters.hitsL1++;
    else this.count(type, event);
    const at = this.total % this.maxEvents;
    this.events[at] = event;
    this.times[at] = Date.now();
    this.total++;
    if (this.listeners.size > 0) this.tell(this.at(this.total));
  }

  /**
   * @param {string} type
   * @param {Foreign} event
   */
  count(type, event) {
    if (Object.hasOwn(COUNT, type)) COUNT[type](this.counters, event);
    for (const tap of this.taps) tap(event);
  }

  /**
   * @param {(event: RecordedEvent) => void} listener
   * @returns {() => void} ends the subscription
   */
  subscribe(listener) {
    // Each subscription is one of its own, also of one function.
    const own = (/** @type {RecordedEvent} */ event) => listener(event);
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  /** @param {RecordedEvent} recorded */
  tell(recorded) {
    for (const listener of this.listeners) {
      try {
        listener(recorded);
      } catch {
        // Whoever looks disturbs nobody.
      }
    }
  }

  /** The events that are kept, oldest first. */
  recentEvents() {
    return this.eventsAfter(0);
  }

  /**
   * Those of a higher number, oldest first, and at most so many: the last ones.
   * @param {number} seq
   * @param {number} [most]
   */
  eventsAfter(seq, most = this.maxEvents) {
    const first = Math.max(seq + 1, this.total - Math.min(most, this.maxEvents) + 1);
    const events = [];
    for (let number = first; number <= this.total; number++) events.push(this.at(number));
    return events;
  }

  /**
   * The event of a number that is kept.
   * @param {number} seq
   * @returns {RecordedEvent}
   */
  at(seq) {
    const at = (seq - 1) % this.maxEvents;
    const { type, ...data } = this.events[at];
    for (const name in data) {
      const value = data[name];
      if (value instanceof Error) data[name] = value.message;
      else if (name === 'error' && value !== undefined) data[name] = textOf(value);
      else if (typeof value === 'bigint') data[name] = String(value);
    }
    return { seq, ts: this.times[at], type, data };
  }

  /** @returns {import('../../types/dashboard.js').OverviewSnapshot} */
  overview() {
    const { counters, startedAt, total, maxEvents } = this;
    const hits = counters.hitsL1 + counters.hitsL2;
    const misses = counters.missesL1 + counters.missesL2 + counters.missesNegative;
    return {
      startedAt,
      uptimeMs: Math.max(0, Date.now() - startedAt),
      totalEvents: total,
      bufferedEvents: Math.min(total, maxEvents),
      maxEvents,
      hits,
      misses,
      hitRatio: hits + misses === 0 ? 0 : hits / (hits + misses),
      counters: { ...counters },
    };
  }
}

/**
 * What was thrown, in words.
 * @param {any} error
 */
function textOf(error) {
  try {
    return typeof error?.message === 'string' ? error.message : String(error);
  } catch {
    return 'an error that cannot be shown';
  }
}

module.exports = { ObservabilityCollector, textOf };
