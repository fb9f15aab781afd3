// The configurations that a run may have: caches, the layers behind them, and their promises.
import { LazyLayersCache, MemoryStore } from '../../index.mjs';
import { ModelStore } from './model-store.mjs';
import { cacheOptions } from './options.mjs';

/** The defaults: one cache in one process, with an L1 that nothing is evicted from. */
const PLAIN = {
  hasL1: true,
  hasL2: false,
  isL1Reliable: true,
  isL2Reliable: false,
  /** When the way to L2 was hurt: it may have missed a write then, which is repaired later. */
  outages: [],
  maxEntries: undefined,
  policy: 'lru',
  byReference: true,
  /** The time within which a change of one instance is known at the others. */
  boundMs: 0,
  /** Whether values of two instances are in one place. */
  isOne: () => true,
  isExcused: () => false,
  closingAt: Number.POSITIVE_INFINITY,
  profile: {},
  actions: {},
  stop: async () => {},
};

/** @param {import('./run.mjs').Run} run */
function cacheOver(run, layers, profile) {
  const config = cacheOptions(run.random, profile);
  const options = { ...config, ...layers, levels: { ...config.levels, ...layers.levels } };
  // A layer that is given shares its values in its own way.
  if (layers.l1 !== undefined && options.levels.L1) options.levels.L1 = { ...options.levels.L1, values: undefined };
  if (layers.levels?.L1) options.levels.L1 = { ...config.levels?.L1, ...layers.levels.L1 };
  return { config: options, cache: new LazyLayersCache(options), skips: [] };
}

const plain = (run) => ({ ...PLAIN, toleranceMs: run.extent.lateMs });

const one = (run, layers, fields = {}) => ({
  ...plain(run),
  ...fields,
  members: [cacheOver(run, layers, fields.profile)],
});

function bounded(run, policy, maxEntries) {
  // Another order of use may have others make room.
  return one(run, { levels: { L1: { maxEntries, policy } } }, { maxEntries, policy, restarts: policy === 'lru' });
}

/** Custom layers tell of their values, so that the model knows until when these may come back. */
export function ownStore(run, options = {}, excused = new Set()) {
  const store = new ModelStore(
    { random: run.random, held: run.held, ...options },
    {
      served: (key, value) => run.wasServed(key, value),
      storing: (key, value) => run.isStoring(key, value),
      stored: (key, value, until) => run.wasStored(key, value, until),
      deleted: (key) => run.wasDeleted(key),
      excused: (key, value) => run.history.candidates(key, value).forEach((origin) => excused.add(origin)),
    },
  );
  return { store, isExcused: (origin) => excused.has(origin) };
}

const UNBOUNDED = { resilience: { l2TimeoutMs: 0 } };

function twoOverOne(run) {
  const maxEntries = run.random.pick([undefined, undefined, 3]);
  const l1 = new MemoryStore({ levels: { L1: { maxEntries } } });
  const profile = { versioning: false };
  return { ...plain(run), maxEntries, members: [cacheOver(run, { l1 }, profile), cacheOver(run, { l1 }, profile)] };
}

function withCustomL2(run, layers = {}) {
  const { store, isExcused } = ownStore(run, { locks: run.random.chance(50), many: run.random.chance(50) });
  return one(
    run,
    { l2: store, ...UNBOUNDED, ...layers },
    { hasL2: true, isL2Reliable: true, isExcused, hasL1: layers.l1 !== false, profile: { locks: true } },
  );
}

function withFailingL2(run) {
  const { store, isExcused } = ownStore(run, { fails: 20 });
  const resilience = { l2TimeoutMs: 0, l2CircuitBreaker: { enabled: false } };
  return one(run, { l2: store, resilience }, { hasL2: true, isExcused });
}

/** Here deletes are left out while the circuit is open: values of the layer may come back. */
function withBrokenL2(run) {
  const { store } = ownStore(run, { fails: 50 });
  const resilience = {
    l2TimeoutMs: run.random.pick([0, 10]),
    l2CircuitBreaker: { failureThreshold: 2, cooldownMs: 20 },
  };
  return one(run, { l2: store, resilience }, { hasL2: true, isExcused: () => true });
}

function withCustomL1(run) {
  const { store, isExcused } = ownStore(run);
  return one(run, { l1: store }, { isExcused });
}

/** Those that need no server. */
export const MEMORY_WORLDS = {
  l1: (run) => one(run, {}, { restarts: true }),
  'l1, two entries': (run) => bounded(run, 'lru', run.random.between(2, 4)),
  'l1, tinylfu': (run) => bounded(run, 'tinylfu', run.random.between(3, 6)),
  'l1, s3fifo': (run) => bounded(run, 's3fifo', run.random.between(2, 6)),
  'l1, bytes': (run) => one(run, { levels: { L1: { maxBytes: 600 } } }, { isL1Reliable: false }),
  'two caches over one store': twoOverOne,
  'custom l2': (run) => withCustomL2(run),
  'custom l2 alone': (run) => withCustomL2(run, { l1: false }),
  'custom l2, failing': withFailingL2,
  'custom l2, broken': withBrokenL2,
  'custom l1': withCustomL1,
};

export { PLAIN };
