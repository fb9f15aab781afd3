// Statistics as the events of a cache tell them.

/** Adds an event to a naive count of the same as `stats()`. */
const ROWS = {
  hit: (count, { level }) => count.hits[level]++,
  miss: (count, { level }) => (level === 'negative' ? count.hits.negative++ : count.misses[level]++),
  'stale:hit': (count) => count.hits.stale++,
  'inflight:reuse': (count) => count.joins++,
  'inflight:bypass': (count) => count.loads.bypassed++,
  'load:limited': (count, { outcome }) => count.loads[outcome]++,
  'load:overtaken': (count) => count.loads.overtaken++,
  'loader:start': (count) => count.loads.started++,
  'loader:success': (count) => count.loads.succeeded++,
  'loader:error': (count) => count.loads.failed++,
  'loader:timeout': (count) => count.loads.timeouts++,
  set: (count) => count.sets++,
  delete: (count) => count.deletes++,
  'delete-pattern': (count) => count.patternDeletes++,
  refresh: (count) => count.loads.refreshes++,
  extend: (count) => count.loads.extended++,
  'negative:set': (count) => count.negativeSets++,
  'l1:error': (count) => count.L1.errors++,
  'l2:error': (count) => count.L2.errors++,
  'l2:skipped': (count) => count.L2.skipped++,
  'l2:change': (count) => count.L2.changes++,
  'event-bus:publish-error': (count) => count.bus.publishErrors++,
  'event-bus:publish-skipped': (count) => count.bus.publishSkipped++,
  'invalidation:received': (count) => count.bus.received++,
  'invalidation:duplicate': (count) => count.bus.duplicates++,
  'invalidation:stale': (count) => count.bus.stale++,
  'set:received': (count) => count.bus.valuesReceived++,
  'set:broadcast': (count) => count.bus.valuesSent++,
  'set:broadcast-skipped': (count) => count.bus.valuesTooLarge++,
  'bus:gap': (count) => count.bus.gaps++,
  'bus:status': () => {},
  evict: () => {},
  mutation: () => {},
  'audit:stale': () => {},
};

/** The counters of events. */
export function countOf(events) {
  const count = {
    hits: { L1: 0, L2: 0, negative: 0, stale: 0 },
    misses: { L1: 0, L2: 0 },
    joins: 0,
    loads: {
      ...{ started: 0, succeeded: 0, failed: 0, timeouts: 0, bypassed: 0, overtaken: 0, queued: 0, refused: 0 },
      ...{ refreshes: 0, extended: 0 },
    },
    sets: 0,
    deletes: 0,
    patternDeletes: 0,
    negativeSets: 0,
    L1: { errors: 0 },
    L2: { errors: 0, skipped: 0, changes: 0 },
    bus: {
      publishErrors: 0,
      publishSkipped: 0,
      received: 0,
      duplicates: 0,
      stale: 0,
      valuesReceived: 0,
      valuesSent: 0,
      valuesTooLarge: 0,
      gaps: 0,
    },
  };
  for (const event of events) ROWS[event.type](count, event);
  return count;
}

/** The part of `stats()` that events tell. */
export function told({ hits, misses, joins, loads, sets, deletes, patternDeletes, negativeSets, L1, L2, bus }) {
  const { totalMs: _total, running: _running, oldestMs: _oldest, ...counted } = loads;
  const { errors } = L1;
  return { hits, misses, joins, loads: counted, sets, deletes, patternDeletes, negativeSets, L1: { errors }, L2, bus };
}
