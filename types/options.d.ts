import type { EventBus } from './bus.js';
import type { ObservabilityOptions } from './dashboard.js';
import type { CacheEventHandler } from './events.js';
import type { RedisStore } from './redis-store.js';
import type { LayerStore } from './store.js';

/** A number addresses the same entry as its decimal string, as a bigint does, which caches and stores take too. */
export type CacheKey = string | number;

/** A layer: L1 in this process, L2 shared or of your own making. */
export type CacheLevel = 'L1' | 'L2';

/** Options of one layer. */
export interface CacheLevelOptions {
  /**
   * Lifetime of entries in this layer, in milliseconds. 0 and `Infinity`: no expiry.
   * Of a call also below 0: then the value is not kept there. Default: the `ttlMs` beside `levels`.
   */
  ttlMs?: number | undefined;
  /**
   * The most entries, a positive integer; 0 (in L1) and `Infinity`: no bound. Default: 1000 in L1, no bound in L2,
   * where it holds for a `RedisStore`: stores of your own bound themselves. Of the constructor alone.
   */
  maxEntries?: number | undefined;
}

/** Options of the memory layer. */
export interface MemoryLevelOptions extends CacheLevelOptions {
  /**
   * The most bytes that the values may take by estimate, a positive integer; `maxEntries` holds as well. A value larger
   * than this is not kept. Default: no such bound. Of the constructor alone.
   */
  maxBytes?: number | undefined;
  /**
   * Which entries are evicted. `lru`: exactly the least recently used one. `s3fifo`: new entries that were not used
   * twice soon, so that keys used once do not drive out those in use; docs/hit-ratio.md compares both on traces.
   * `tinylfu`: rarely used entries, by counts that also cover keys out of memory; a new key may be refused. Default:
   * `lru`. Of the constructor alone.
   */
  policy?: 'lru' | 's3fifo' | 'tinylfu' | undefined;
  /**
   * How values are shared. `reference`: each caller gets the object that was stored. `frozen`: the same, frozen with
   * all that is in it, as it is stored; a `Map`, `Set` or `Date` refuses changes, bytes cannot be frozen. `copy`: a
   * deep copy is stored, and each caller gets one; `Map`, `Set`, `Date`, buffers and typed arrays too, and objects of
   * classes by their own enumerable fields, without their private ones. Default: `reference`. Of the constructor
   * alone.
   */
  values?: 'reference' | 'frozen' | 'copy' | undefined;
  /**
   * Whether each value is packed as it is stored and as it leaves, to find those that were changed meanwhile: the event
   * `mutation`. For development. Default: `false`. Of the constructor alone.
   */
  findMutations?: boolean | undefined;
}

/** Joining of calls that load the same key. */
export interface InflightOptions {
  /** `false`: every call that misses runs its loader. Default: `true`. */
  enabled?: boolean | undefined;
  /**
   * A load older than this, in milliseconds, is no longer joined: the next call starts a new one. 0: none is joined;
   * `Infinity`: for as long as it runs. Default: 5000.
   */
  ttlMs?: number | undefined;
  /**
   * The most loads that can be joined at a time; those beyond run by themselves (`inflight:bypass`). 0: all do.
   * Default: no bound.
   */
  maxEntries?: number | undefined;
}

/** Remembering that a loader returned `undefined`. */
export interface NegativeCacheOptions {
  /** `false` turns it off whatever `ttlMs` says. Default: `true`. */
  enabled?: boolean | undefined;
  /** For how long, in milliseconds. 0: not at all; `Infinity`: no end. Default: unset, nothing is remembered. */
  ttlMs?: number | undefined;
  /** The most keys remembered, the oldest making room. Default: 10,000. */
  maxEntries?: number | undefined;
}

/** Answering with the last known value when a load fails. */
export interface FailSafeOptions {
  /** Whether to. Copies are made where there is a `staleTtlMs` as well. Default: `false`. */
  enabled?: boolean | undefined;
  /**
   * How long a value may be served after it was last stored or read, in milliseconds: fixed when the copy is made. 0:
   * not at all; `Infinity`: no end. Default: unset.
   */
  staleTtlMs?: number | undefined;
  /** How long a refresh waits after one of its key that failed, in milliseconds. Default: 1000. */
  backoffMs?: number | undefined;
}

/** Limits on the time of a load. */
export interface TimeoutOptions {
  /**
   * After this number of milliseconds the caller gets the stale value, if fail-safe has one; the loader goes on and its
   * value is stored when it comes. 0 is stale-while-revalidate. Default: unset.
   */
  softMs?: number | undefined;
  /**
   * After this number of milliseconds, more than 0, the loader's signal aborts. Callers get the stale value, if
   * fail-safe has one, else an Error with code `LOADER_HARD_TIMEOUT`. Default: unset.
   */
  hardMs?: number | undefined;
}

/** One load across all instances that share an L2 with `acquireLock` and `releaseLock`. */
export interface DistributedLockOptions {
  /** Whether a load takes the lock of its key first. Default: `false`. */
  enabled?: boolean | undefined;
  /** How long the lock holds, in milliseconds, if it is not released. Default: 10,000. */
  ttlMs?: number | undefined;
  /** How long the others wait for the value, in milliseconds, before they load it themselves. Default: 2000. */
  waitTimeoutMs?: number | undefined;
  /** How long they pause between two looks for it, in milliseconds. Default: 50. */
  pollMs?: number | undefined;
}

/** Storage keys that change with each delete. */
export interface VersioningOptions {
  /** Whether key `k` is stored as `k::v<n>` in both layers, `n` being how often it was deleted. Default: `false`. */
  enabled?: boolean | undefined;
}

/**
 * Options of a whole cache or store or, given to `set` or `getOrSet`, of that call alone. Unknown names have no effect;
 * outside production the log names those that are like an option's, and those in groups. A value that is not allowed
 * makes a constructor throw, and a call reject with, a TypeError or RangeError with code `INVALID_OPTION`.
 */
export interface CacheOptions {
  /** Lifetime of entries in milliseconds. 0 and `Infinity`: no expiry. Default: 3,600,000, an hour. */
  ttlMs?: number | undefined;
  /** Options of one layer each. */
  levels?: { L1?: MemoryLevelOptions | undefined; L2?: CacheLevelOptions | undefined } | undefined;
  /**
   * Fraction of the life of an entry in L1, from 0 (off) to below 1, after which a `getOrSet` loads it anew: it answers
   * at once, and one load begins in the background. Where L2 has a fresher value that is taken; with `distributedLock`
   * one instance loads, and the others do not wait. Default: 0.
   */
  refreshAhead?: number | undefined;
  /**
   * A factor, 0 (off) or more: a `getOrSet` loads an entry anew with a probability that rises towards the end of its
   * life, the earlier the longer its last load took. 1 is the usual value. Default: 0.
   */
  xfetch?: number | undefined;
  /**
   * The fraction, from 0 (off) to below 1, by which lives in L1 are shortened at most, each by a random part of it, so
   * that entries that were stored together do not expire together. Of a memory layer of this package. Default: 0.
   */
  ttlJitter?: number | undefined;
  /** The same in L2. Default: 0. */
  ttlJitterL2?: number | undefined;
  /** Joining of calls that load the same key. */
  inflight?: InflightOptions | undefined;
  /** Remembering that a loader returned `undefined`. */
  negativeCache?: NegativeCacheOptions | undefined;
  /** Answering with the last known value when a load fails. */
  failSafe?: FailSafeOptions | undefined;
  /** Limits on the time of a load. */
  timeouts?: TimeoutOptions | undefined;
  /**
   * For how long a key counts as uncacheable after the loader's `skip()` or a `shouldCache` that said no, in
   * milliseconds: callers then load beside each other. 0: not at all; `Infinity`: no end. Default: 1000.
   */
  skipTtlMs?: number | undefined;
  /** One load across instances. */
  distributedLock?: DistributedLockOptions | undefined;
  /** Storage keys that change with each delete, but in Redis. Of the constructor of a cache alone. */
  versioning?: VersioningOptions | undefined;
}

/** Options of a call. */
export interface CallOptions extends CacheOptions {
  /**
   * Called with each value that the loader returned: a result that is not true has the effect of the loader's
   * `skip()`, and a promise is an error. Its error is that of the load. Default: that of the cache.
   */
  shouldCache?: ((value: any) => boolean) | undefined;
  /**
   * Tags of the value that is stored, at most 100 texts that are not empty, each of at most 512 bytes in UTF-8: see
   * `deleteByTag`. Without an L1 they are in the `RedisStore` alone; without both they are refused. A store of your own
   * gets them as they are; the cache itself does nothing with them.
   */
  tags?: readonly string[] | undefined;
}

/** `closed`: calls go through. `open`: they are skipped. `half-open`: one goes through and decides. */
export type CircuitBreakerState = 'closed' | 'open' | 'half-open';

/** When calls are skipped because earlier ones failed. */
export interface CircuitBreakerOptions {
  /** `false`: never. Default: `true`. */
  enabled?: boolean | undefined;
  /** The number of failures in a row that opens the circuit, a positive integer; `Infinity`: never. Default: 3. */
  failureThreshold?: number | undefined;
  /** The time after which one call tries again, in milliseconds; `Infinity`: none does. Default: 30,000. */
  cooldownMs?: number | undefined;
}

/** The circuit breakers of a cache. */
export interface HybridCacheResilienceOptions {
  /** Around every call of L2. */
  l2CircuitBreaker?: CircuitBreakerOptions | undefined;
  /**
   * How long a call of L2 may take, in milliseconds, before it counts as failed (`l2:error`) and the cache goes on
   * without it. 0 and `Infinity`: no limit. A `RedisStore` has its own, `commandTimeoutMs`. Default: 1000.
   */
  l2TimeoutMs?: number | undefined;
  /** Around `publish` of the event bus. */
  eventBusCircuitBreaker?: CircuitBreakerOptions | undefined;
  /**
   * The longest that an entry of L1, or that a loader found nothing, is answered while a bus of this package is down,
   * in milliseconds: no invalidation arrives then. 0: not at all; `Infinity`: until it expires. Default: until it
   * expires.
   */
  eventBusDownL1TtlMs?: number | undefined;
}

/** Where the program runs. */
export type CacheRuntimeEnv = 'development' | 'production' | 'test';

/** Which lines are logged, through the console. */
export interface CacheLoggerOptions {
  /** Used instead of `NODE_ENV`: in `production` only errors are logged. Default: `NODE_ENV`. */
  env?: CacheRuntimeEnv | undefined;
  /**
   * `false` logs nothing; `true` everything, a line for every verb included, whatever the environment. Default: unset.
   */
  enabled?: boolean | undefined;
}

/** How many loaders of a cache run at a time. */
export interface LoadsOptions {
  /**
   * The most loaders that run at a time, a positive integer; `Infinity`: no bound. One call of a `loadMany` counts as
   * one, and so does a loader with the loads that it asks for itself. A load beyond them is answered by the stale copy,
   * if fail-safe has one; else it waits for its turn. Default: no bound.
   */
  maxConcurrent?: number | undefined;
  /**
   * The most loads that wait for their turn; `Infinity`: no bound. One beyond them rejects its callers with an Error
   * with code `LOAD_LIMIT`. Default: 1000.
   */
  maxQueued?: number | undefined;
}

/** Which hits are loaded again, to measure how stale answers are. */
export interface AuditOptions {
  /** The share of the hits of `getOrSet`, from 0 to 1. Default: 0. */
  rate?: number | undefined;
  /**
   * Whether the value that a hit answered is as good as the one that its loader returns now. Default: they are deeply
   * equal, or are stored as the same bytes. One that throws or returns a promise is logged, and decides nothing.
   */
  compare?: ((held: any, loaded: any) => boolean) | undefined;
  /**
   * Whether a stale value is loaded anew, as a refresh: here, in L2 and at other instances. A key whose loader finds
   * nothing is deleted. Default: `false`.
   */
  repair?: boolean | undefined;
  /** The most audits that run at a time, a positive integer; of a key one at most. Default: 2. */
  maxConcurrent?: number | undefined;
}

/** Work of a cache that nobody waits for. */
export interface BackgroundWork {
  /**
   * `load`: a load whose caller was answered at the soft timeout. `refresh`: a value is loaded anew before it expires.
   * `publish`: the other instances are told of a value.
   * `audit`: a hit is loaded again, see {@link AuditOptions}.
   */
  reason: 'load' | 'refresh' | 'publish' | 'audit';
  /** The key that it is about, if it is about one. */
  key: CacheKey | undefined;
}

/** Options of a {@link HybridCache}. */
export interface HybridCacheOptions<K extends CacheKey | bigint = string, V = unknown> extends CacheOptions {
  /**
   * The first layer: `false` for none, a `MemoryStore` to share one, or a store of your own.
   * Default: memory, by `levels.L1`.
   */
  l1?: LayerStore<K | string, V> | false | undefined;
  /**
   * The second layer: a `RedisStore`, or a store of your own, also a `DistributedLock` if it has the methods. Not the
   * `MemoryStore` that is the `l1`. Default: none.
   */
  l2?: LayerStore<K, V> | LayerStore<string, V> | RedisStore<any, any> | false | undefined;
  /** Tells other instances of deletes and of loaded values, and this one of theirs. Default: none. */
  eventBus?: EventBus | undefined;
  /**
   * Called with each value that a loader returned: a result that is not true has the effect of the loader's `skip()`,
   * and a promise is an error. Its error is that of the load. Default: all values are stored.
   */
  shouldCache?: ((value: any) => boolean) | undefined;
  /**
   * Names this instance on the bus; a cache ignores events of its own name, so no two instances may share one.
   * Default: a random name per cache.
   */
  source?: string | undefined;
  /**
   * The name of this cache among those on one bus, the same in all processes: a cache applies events of its own name,
   * and of caches without one. Default: the `prefix` of the `RedisStore` that is its `l2`; else none.
   */
  name?: string | undefined;
  /** `false`: publish, but apply no events of others. Default: `true`. */
  subscribeToEvents?: boolean | undefined;
  /** `false`: send deletes only, not the values that loaders return. Default: `true`. */
  broadcastSet?: boolean | undefined;
  /**
   * The largest encoded event that carries a value, in bytes; larger ones are not sent. Several values share a message
   * of at most so many bytes. `Infinity`: no bound. Default: 1,048,576 on a bus of this package, and no bound on a bus
   * of your own.
   */
  broadcastSetMaxBytes?: number | undefined;
  /** Called with every event, from the first on. */
  events?: readonly CacheEventHandler[] | undefined;
  /** How many ids of received events are remembered, to apply each event once. 0: none. Default: 10,000. */
  eventDedupeMaxEntries?: number | undefined;
  /** For how long they are, in milliseconds. 0: not at all; `Infinity`: no end. Default: 300,000. */
  eventDedupeTtlMs?: number | undefined;
  /** How many loaders run at a time. */
  loads?: LoadsOptions | undefined;
  /**
   * Called with a promise for all work that goes on when nobody waits for it any more, as `waitUntil` of serverless
   * platforms takes it. The promise never rejects. It is called in the async context of the call that caused the work.
   * Default: none.
   */
  background?: ((promise: Promise<void>, work: BackgroundWork) => unknown) | undefined;
  /** Which hits are loaded again after they were answered, to measure how stale answers are. Default: none. */
  audit?: AuditOptions | undefined;
  /**
   * A file that `save()` has written: its entries are taken back into L1, with the rest of their lives, and the
   * file is deleted. One that is damaged or of another cache counts as empty, with a line in the log. It is read before
   * the constructor returns. Over a `RedisStore` entries with tags, and with an `eventBus` all entries, are read from
   * Redis instead, in the background. With an `eventBus` and no `RedisStore` nothing is taken back. Default: none.
   */
  warm?: string | undefined;
  /** When a failing L2 or bus is left alone for a while. */
  resilience?: HybridCacheResilienceOptions | undefined;
  /** Which lines are logged. */
  logging?: CacheLoggerOptions | undefined;
  /** The dashboard: `true`, or its options. Default: `LAZY_OBS_ENABLED`, else `false`. */
  observability?: boolean | ObservabilityOptions | undefined;
}

/** Options of a {@link LazyLayersCache}. */
export interface LazyLayersCacheOptions<K extends CacheKey | bigint = string, V = unknown> extends HybridCacheOptions<
  K,
  V
> {}

/** How to close a cache. */
export interface CloseOptions {
  /** How long to wait for running loads, in milliseconds, before they are aborted. Default: 5000. */
  timeoutMs?: number | undefined;
}
