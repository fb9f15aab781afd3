'use strict';
// Counts the events of a cache, and keeps the last of them.

const { CLOCK } = require('../contract/numbers.js');
const { COUNTERS } = require('../contract/observed.js');
const { reasonOf } = require('../errors.js');
const { bridge } = require('../raw.js');
const { weigh } = require('../weigh.js');

const { clock } = bridge;
const { TIME } = CLOCK;

/**
 * @typedef {import('../../types/dashboard.js').ObservabilityCounters} Counters
 * @typedef {import('../../types/dashboard.js').RecordedEvent} RecordedEvent
 */

/** The most events that are kept. */
const MOST = 1_000_000;

/** Counts the events of each type. @type {ReadonlyMap<string, (counters: Counters, event: Foreign) => void>} */
const COUNT = new Map(
  Object.entries({
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
  }),
);

/** How long the clock of hits is used before it is compared with the real one, in milliseconds. */
const TRUSTED_MS = 1000;

let offset = 0;
let until = -Infinity;

/**
 * The time in milliseconds since 1970. A call of `Date.now` takes longer than a hit, so in a fast run of hits this uses
 * the clock of hits, which is in shared memory.
 */
function now() {
  const time = clock[TIME];
  if (time < until) return time + offset;
  const real = Date.now();
  if (time < Infinity) {
    offset = real - time;
    until = time + TRUSTED_MS;
  }
  return real;
}

/** The part of an event that is kept: all of it, or only the key of a hit in L1 or a write of the mirror. */
const KEPT = Object.freeze({ EVENT: 0, HIT: 1, SET: 2 });

class Collector {
  /**
   * @param {number} maxEvents how many events are kept, at least one
   * @param {number} [maxValueBytes] values of other instances beyond are not kept
   */
  constructor(maxEvents, maxValueBytes = Infinity) {
    this.maxValueBytes = maxValueBytes;
    this.maxEvents = Math.min(Math.max(1, Math.floor(maxEvents) || 1), MOST);
    this.startedAt = Date.now();
    /** The number of the last event. */
    this.total = 0;
    /** How many events were kept. */
    this.kept = 0;
    /** @type {Counters} */
    this.counters = /** @type {any} filled below */ ({});
    for (const name of COUNTERS) this.counters[name] = 0;
    /** The last events, each at its place among those that were kept, modulo their bound. @type {any[]} */
    this.events = [];
    /** The part of each that is kept. */
    this.kinds = new Uint8Array(this.maxEvents);
    /** Their numbers, and when they came. */
    this.numbers = new Float64Array(this.maxEvents);
    this.times = new Float64Array(this.maxEvents);
    /** Hits in L1: the counter of that name, where it is at hand. */
    this.hits = 0;
    /** Whether there are listeners. */
    this.isHeard = false;
    /** Where the next one goes. */
    this.next = 0;
    /** @type {Set<(event: RecordedEvent) => void>} */
    this.listeners = new Set();
    /** The listeners of events other than hits in L1, by type. @type {Map<string, ((event: Foreign) => void)[]>} */
    this.taps = new Map();
    // Not by `bind`, whose functions are not inlined.
    this.handle = (/** @type {Foreign} */ event) => this.take(event);
  }

  /**
   * Takes an event of a cache.
   * @param {Foreign} event
   */
  take(event) {
    // Most events are hits, and only viewers want those.
    if (event.type === 'hit' && event.level === 'L1' && typeof event.key !== 'object') {
      this.hits++;
      this.keep(KEPT.HIT, event.key);
      return;
    }
    this.count(event.type, event);
    this.keep(KEPT.EVENT, this.bounded(event));
  }

  /**
   * An event without the value of another instance, if that is too large to be shown.
   * @param {Foreign} event
   */
  bounded(event) {
    const value = event.event?.value;
    if (value === undefined || weigh(value) <= this.maxValueBytes) return event;
    const { value: _, ...message } = event.event;
    return { ...event, event: { ...message, truncated: true } };
  }

  /**
   * @param {number} kind
   * @param {unknown} event all of it, or its key
   */
  keep(kind, event) {
    const { next } = this;
    this.next = next + 1 === this.maxEvents ? 0 : next + 1;
    this.total++;
    this.kept++;
    this.kinds[next] = kind;
    this.events[next] = event;
    this.numbers[next] = this.total;
    this.times[next] = now();
    if (this.isHeard) this.tell(this.at(next));
  }

  /**
   * @param {string} type
   * @param {Foreign} event
   */
  count(type, event) {
    COUNT.get(type)?.(this.counters, event);
    const taps = this.taps.get(type);
    if (taps !== undefined) for (let at = 0; at < taps.length; at++) taps[at](event);
  }

  /**
   * Has events of some types given to a function.
   * @param {readonly string[]} types
   * @param {(event: Foreign) => void} act
   */
  tap(types, act) {
    for (const type of types) this.taps.set(type, [...(this.taps.get(type) ?? []), act]);
  }

  /**
   * @param {(event: RecordedEvent) => void} listener
   * @returns {() => void} ends the subscription
   */
  subscribe(listener) {
    // Each subscription is one of its own, also of one function.
    const copy = (/** @type {RecordedEvent} */ event) => listener(event);
    this.listeners.add(copy);
    this.isHeard = true;
    return () => {
      this.listeners.delete(copy);
      this.isHeard = this.listeners.size > 0;
    };
  }

  /** @param {RecordedEvent} recorded */
  tell(recorded) {
    for (const listener of this.listeners) {
      try {
        listener(recorded);
      } catch {
        // A viewer that throws must not disturb the others.
      }
    }
  }

  /** The events that are kept, oldest first. */
  recentEvents() {
    return this.eventsAfter(0);
  }

  /**
   * The last events of a higher number, oldest first, up to a bound.
   * @param {number} seq
   * @param {number} [most]
   */
  eventsAfter(seq, most = this.maxEvents) {
    const events = [];
    const oldest = Math.max(0, this.kept - Math.min(most, this.maxEvents));
    for (let index = this.kept - 1; index >= oldest; index--) {
      const place = index % this.maxEvents;
      if (this.numbers[place] <= seq) break;
      events.push(this.at(place));
    }
    return events.reverse();
  }

  /**
   * The event at a place.
   * @param {number} place
   * @returns {RecordedEvent}
   */
  at(place) {
    const event = this.events[place];
    const [seq, ts] = [this.numbers[place], Math.round(this.times[place])];
    if (this.kinds[place] === KEPT.HIT) return { seq, ts, type: 'hit', data: { key: event, level: 'L1' } };
    if (this.kinds[place] === KEPT.SET) return { seq, ts, type: 'set', data: { key: event, levels: ['L1'] } };
    const { type, ...data } = event;
    for (const name in data) {
      const value = data[name];
      if (value instanceof Error || (name === 'error' && value !== undefined)) data[name] = reasonOf(value);
      else if (typeof value === 'bigint') data[name] = String(value);
    }
    return { seq, ts, type, data };
  }

  /** Whether every event that says why a key is gone is still there. */
  get isComplete() {
    return this.kept <= this.maxEvents;
  }

  /** How many events there were, and of those the hits in L1 and the writes. */
  totals() {
    return { events: this.total, hits: this.counters.hitsL1 + this.hits, sets: this.counters.sets };
  }

  /** @returns {import('../../types/dashboard.js').OverviewSnapshot} */
  overview() {
    const { startedAt, kept, maxEvents } = this;
    const { events, hits: hitsL1, sets } = this.totals();
    const counters = { ...this.counters, hitsL1, sets };
    const hits = counters.hitsL1 + counters.hitsL2;
    const misses = counters.missesL1 + counters.missesL2 + counters.missesNegative;
    return {
      startedAt,
      uptimeMs: Math.max(0, Date.now() - startedAt),
      totalEvents: events,
      bufferedEvents: Math.min(kept, maxEvents),
      maxEvents,
      hits,
      misses,
      hitRatio: hits + misses === 0 ? 0 : hits / (hits + misses),
      counters,
    };
  }
}

module.exports = { KEPT, Collector, now };
