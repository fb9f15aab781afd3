'use strict';
// The counters of the dashboard.
// Generated from src/contract by `npm run contract`.

/** The counters, in the order in which users are given them. */
const COUNTERS = Object.freeze(/** @type {const} */ ([
  'hitsL1',
  'hitsL2',
  'missesL1',
  'missesL2',
  'missesNegative',
  'sets',
  'deletes',
  'deletePatterns',
  'loaderStart',
  'loaderSuccess',
  'loaderError',
  'loaderTimeout',
  'inflightReuse',
  'inflightBypass',
  'staleHit',
  'negativeSet',
  'l2Error',
  'l2Skipped',
  'eventBusPublishError',
  'eventBusPublishSkipped',
  'invalidationReceived',
  'invalidationDuplicate',
  'invalidationStale',
  'setReceived',
  'setBroadcast',
  'setBroadcastSkipped',
]));

/** Numbers that metrics are made of beside them. */
const BESIDE = Object.freeze(/** @type {const} */ ([
  'totalEvents',
  'uptimeMs',
  'bufferedEvents',
  'hitRatio',
  'l1Size',
  'l2Size',
]));

/** The array of durations, see src/contract/observed.rs: of loads in microseconds, of calls in nanoseconds. */
const DURATIONS = Object.freeze({
  LOADS: 0,
  CALLS: 122,
  SUM: 120,
  LONGEST: 121,
  KEPT: 244,
  LENGTH: 245,
});

/** Streams of events: how many, how often, how much of a storm, and the end of a slow one. */
const STREAMS = Object.freeze({
  MOST: 20,
  ROUND_MS: 100,
  BURST: 250,
  PING_MS: 25_000,
  DROPPED: ': dropped, as it did not keep up\n\n',
});

module.exports = {
  BESIDE,
  COUNTERS,
  DURATIONS,
  STREAMS,
};
