/** Options of `cache.advice()`. */
export interface AdviceOptions {
  /** Ends the simulation after this answer, and frees its memory. The next call begins anew. Default false. */
  stop?: boolean | undefined;
}

/** An estimate of the share of reads that a memory layer would answer. */
export interface HitRatioEstimate {
  /** From 0 to 1. The first read of each key counts as well: nothing can answer it. */
  hitRatio: number;
  /** The true ratio lies within this distance 19 times in 20; 0 where all keys are simulated. */
  error: number;
}

/** The hit ratios that the memory layer would have with other bounds and policies. */
export interface CacheAdvice {
  /** `levels.L1.maxEntries` of this cache. */
  maxEntries: number;
  /** `levels.L1.policy` of this cache. */
  policy: 'lru' | 's3fifo' | 'tinylfu';
  /** Reads since the first call. Estimates of fewer than some times `maxEntries` say little. */
  reads: number;
  /** ¼, ½, 1, 2, 4 and 8 times `maxEntries`, each under both policies; empty before the first read. */
  sizes: { maxEntries: number; lru: HitRatioEstimate; s3fifo: HitRatioEstimate }[];
}
