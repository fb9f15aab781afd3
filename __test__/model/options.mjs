// Random options, and their effects.

const ttl = (random) => random.pick([undefined, 15, 40, 100, 60_000, Number.POSITIVE_INFINITY, 0]);
const orNot = (random, percent, make) => (random.chance(percent) ? make() : undefined);

const inflight = (random) => ({
  enabled: random.pick([undefined, true, true, false]),
  ttlMs: random.pick([undefined, undefined, 20, 60_000, Number.POSITIVE_INFINITY, 0]),
  maxEntries: random.pick([undefined, undefined, undefined, 1, 3]),
});

const negativeCache = (random) => ({
  enabled: random.pick([undefined, true, true, false]),
  ttlMs: random.pick([undefined, 15, 40, 60_000]),
});

const failSafe = (random) => ({
  enabled: random.pick([true, true, false]),
  staleTtlMs: random.pick([30, 100, 60_000]),
});

const timeouts = (random) => ({ softMs: random.pick([undefined, 5, 15]), hardMs: random.pick([undefined, 25, 60]) });

const distributedLock = (random) => ({
  enabled: true,
  ttlMs: random.pick([undefined, 30, 200]),
  waitTimeoutMs: random.pick([20, 100]),
  pollMs: random.pick([5, 20]),
});

const levels = (random) => ({
  L1: orNot(random, 60, () => ({ ttlMs: ttl(random) })),
  L2: orNot(random, 60, () => ({ ttlMs: ttl(random) })),
});

/** Without those that are not given: both have to mean the same. */
function trimmed(options, random) {
  if (random.chance(50)) return options;
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Options that a cache and a call may have. */
function shared(random, { locks }, percent) {
  return {
    ttlMs: ttl(random),
    levels: orNot(random, percent, () => levels(random)),
    inflight: orNot(random, percent, () => inflight(random)),
    negativeCache: orNot(random, percent, () => negativeCache(random)),
    failSafe: orNot(random, percent, () => failSafe(random)),
    timeouts: orNot(random, percent / 2, () => timeouts(random)),
    distributedLock: locks ? orNot(random, percent, () => distributedLock(random)) : undefined,
    skipTtlMs: random.pick([0, 0, 0, 5, 20, percent > 30 ? 60_000 : undefined]),
    ...(random.chance(percent / 2) ? freshness(random) : {}),
  };
}

const audit = (random) => ({
  rate: random.pick([0.2, 1]),
  maxConcurrent: random.pick([undefined, 1]),
  repair: random.pick([undefined, true]),
});
/** Lives that vary, and loads before they are over. */
const freshness = (random) => ({
  refreshAhead: random.pick([undefined, 0.3, 0.8, 0]),
  xfetch: random.pick([undefined, undefined, 1]),
  ttlJitter: random.pick([undefined, undefined, 0.4]),
  ttlJitterL2: random.pick([undefined, undefined, 0.4]),
});

const loads = (random) => ({ maxConcurrent: random.pick([1, 1, 2]), maxQueued: random.pick([undefined, 0, 1]) });

/** @param {{ locks?: boolean }} profile */
export function cacheOptions(random, profile = {}) {
  const options = shared(random, profile, 40);
  options.negativeCache &&= { ...options.negativeCache, maxEntries: random.pick([undefined, 2, 1000]) };
  options.versioning = orNot(random, profile.versioning === false ? 0 : 15, () => ({ enabled: true }));
  options.loads = orNot(random, 10, () => loads(random));
  options.audit = orNot(random, 10, () => audit(random));
  const values = random.pick(['frozen', 'copy']);
  if (random.chance(15)) options.levels = { ...options.levels, L1: { ...options.levels?.L1, values } };
  options.logging = { enabled: false };
  options.eventDedupeMaxEntries = random.pick([undefined, 1000]);
  return trimmed(options, random);
}

export function callOptions(random, profile = {}) {
  if (random.chance(55)) return random.pick([undefined, undefined, {}]);
  return trimmed(shared(random, profile, 25), random);
}

const endless = (ms) => (ms === 0 ? Number.POSITIVE_INFINITY : ms);
const HOUR = 3_600_000;

const lifetime = (level, call, cache) =>
  endless(call?.levels?.[level]?.ttlMs ?? call?.ttlMs ?? cache.levels?.[level]?.ttlMs ?? cache.ttlMs ?? HOUR);

/** The options that hold for a call: its own laid over those of its cache. */
export function effective(call, cache) {
  const of = (group, name) => call?.[group]?.[name] ?? cache[group]?.[name];
  const isFailSafe = of('failSafe', 'enabled') === true;
  return {
    l1: lifetime('L1', call, cache),
    l2: lifetime('L2', call, cache),
    // The shortest that these lives may be.
    leastL1: lifetime('L1', call, cache) * (1 - (call?.ttlJitter ?? cache.ttlJitter ?? 0)),
    leastL2: lifetime('L2', call, cache) * (1 - (call?.ttlJitterL2 ?? cache.ttlJitterL2 ?? 0)),
    refreshes: ['refreshAhead', 'xfetch'].some((name) => (call?.[name] ?? cache[name] ?? 0) > 0),
    skipMs: call?.skipTtlMs ?? cache.skipTtlMs ?? 1000,
    joins: of('inflight', 'enabled') !== false,
    joinableMs: of('inflight', 'ttlMs') ?? 5000,
    limitsJoins: of('inflight', 'maxEntries') !== undefined,
    negativeMs: of('negativeCache', 'enabled') === false ? 0 : (of('negativeCache', 'ttlMs') ?? 0),
    isFailSafe,
    staleMs: of('failSafe', 'staleTtlMs') ?? 0,
    softMs: of('timeouts', 'softMs'),
    hardMs: of('timeouts', 'hardMs'),
    locks: of('distributedLock', 'enabled') === true,
    limitsLoads: cache.loads !== undefined,
  };
}
