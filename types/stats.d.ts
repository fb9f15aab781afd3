/** The counts of a cache since it was made. Each number only grows, except for those that describe the present. */
export interface CacheStats {
  /** Reads that were answered from somewhere. */
  hits: {
    L1: number;
    L2: number;
    /** Keys whose absence is remembered. */
    negative: number;
    /** Stale copies, served as a load failed or took too long. */
    stale: number;
  };
  /** Reads that a layer had nothing for; also those that then joined a load. */
  misses: { L1: number; L2: number };
  /** Calls that shared the load of another. */
  joins: number;
  loads: {
    /** Those that have ended or run, those that were refused, and those that ran as the cache was closed. */
    started: number;
    /** With a value, or with nothing. */
    succeeded: number;
    /** The loader threw, or took longer than `timeouts.hardMs`. */
    failed: number;
    /** Times that a load passed its soft or hard limit. */
    timeouts: number;
    /** Loads that others could not join, as `inflight.maxEntries` were running. */
    bypassed: number;
    /** Loads that were not stored, as another instance had invalidated or loaded the key meanwhile. */
    overtaken: number;
    /** Loads that waited for their turn, as `loads.maxConcurrent` loaders ran. */
    queued: number;
    /** Loads that never ran, as `loads.maxQueued` others waited. */
    refused: number;
    /** Those that loaded a value anew before it expired. */
    refreshes: number;
    /** Those that found the stale value still true. */
    extended: number;
    /** The total time of all finished loads, in milliseconds. */
    totalMs: number;
    /** How many run now. */
    running: number;
    /** How long the oldest of them has been running, in milliseconds; 0 without one. */
    oldestMs: number;
  };
  /** Values stored in an active layer, by `set` or after a load. */
  sets: number;
  /** Keys deleted or expired, here or by other instances. */
  deletes: number;
  /** Patterns deleted or expired, here or by other instances; `clear()` is one. */
  patternDeletes: number;
  /** Tags deleted or expired, here or by other instances. */
  tagDeletes: number;
  /** Times that an absence was remembered: a loader had found nothing. */
  negativeSets: number;
  /** Entries that left L1 on their own. Caches that share a `MemoryStore` have these in common. */
  evictions: {
    /** To make room, or as the policy did not admit them. */
    capacity: number;
    /** At their end. It is noticed when they are asked for, make room, or are counted. */
    expired: number;
  };
  /** Hits that were loaded again, see `audit`. */
  audits: {
    /** Hits in L1 whose value was still the same. */
    freshL1: number;
    /** Hits in L2 whose value was still the same. */
    freshL2: number;
    /** Hits in L1 whose value was another one. */
    staleL1: number;
    /** Hits in L2 whose value was another one. */
    staleL2: number;
    /** Audits that came to nothing: the key was written or deleted meanwhile, or the loader failed. */
    unknown: number;
  };
  L1: {
    /** Live entries now; `undefined` without a memory layer of this package. */
    entries: number | undefined;
    /** Their weight now, in bytes; `undefined` without `levels.L1.maxBytes`. */
    bytes: number | undefined;
    /** Failures of a layer of your own. */
    errors: number;
  };
  L2: {
    errors: number;
    /** Operations that were not tried, as the circuit was open. */
    skipped: number;
    /** Changes by others that Redis has told, with `tracking`. */
    changes: number;
  };
  bus: {
    publishErrors: number;
    /** Events that were not tried, as the circuit was open. */
    publishSkipped: number;
    /** Invalidations of other instances. */
    received: number;
    /** Events that had come before. */
    duplicates: number;
    /** Events that are older than events known here. */
    stale: number;
    /** Values that other instances loaded and this one stored. */
    valuesReceived: number;
    /** Values that were loaded here and sent. */
    valuesSent: number;
    /** Values that were not sent, as they were larger than `broadcastSetMaxBytes`. */
    valuesTooLarge: number;
    /** Times that events of other instances may have been missed. */
    gaps: number;
  };
  /**
   * The calls that went through namespaces, in the order in which those were made. At most 50 are told apart; the calls
   * of the others are counted together under `*`. A name counts without the namespaces in it.
   */
  namespaces: NamespaceStats[];
  /** The audits by the ages of the values, where these are known; empty without `audit`. */
  auditAges: AuditAge[];
}

/** Audits of values of some age. */
export interface AuditAge {
  /** The greatest age, in milliseconds; the least is that of the one before. */
  upToMs: number;
  /** Values that were still the same. */
  fresh: number;
  /** Values that were not. */
  stale: number;
}

/** The counts of the calls that went through a namespace. */
export interface NamespaceStats {
  /** Its name. */
  namespace: string;
  /** Reads that were answered with a value without a load of their own. */
  hits: number;
  /** Reads that found nothing, or ran their loader. */
  misses: number;
  /** Loaders that ran. */
  loads: number;
  /** Calls of `set`. */
  sets: number;
  /** Calls of `delete`, `expire`, their patterns, and `clear`. */
  deletes: number;
  /** Audits of its hits that found the same value; left out before the first. */
  fresh?: number;
  /** Audits of its hits that found another value; left out before the first. */
  stale?: number;
}

/** The statistics of one cache of the process. */
export interface ProcessCacheStats {
  /** Its `name`; empty without one. */
  cache: string;
  /** The main thread and each worker thread has a number, in the order in which they loaded the package. */
  environment: number;
  stats: Omit<CacheStats, 'namespaces' | 'auditAges'>;
}

/**
 * The statistics of all caches of the process that are not closed, in all threads. It waits for no thread: they are
 * read from shared memory, also while a thread is busy. Of caches of other threads, entries that have expired unnoticed
 * are still among `L1.entries`.
 */
export declare function processStats(): ProcessCacheStats[];
