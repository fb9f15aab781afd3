/**
 * Where an answer came from. `load`: the loader of this call. `joined`: the load of another call. `stale`: a copy that
 * fail-safe keeps, as the load failed or took too long. `negative`: a recent load found that there is nothing. `none`:
 * there is nothing.
 */
export type EntrySource = 'L1' | 'L2' | 'load' | 'joined' | 'stale' | 'negative' | 'none';

/** A value with its source and times. */
export interface EntryResult<V = unknown> {
  /** The value, or `undefined` where there is none. */
  value: V | undefined;
  /** Where it came from. */
  source: EntrySource;
  /**
   * Its age in milliseconds: since its load began, since `set`, or since another instance sent it; of a stale copy,
   * since it was last stored or read. `undefined` where there is no value, and where the age is not known: of a value
   * from L2, which keeps no such time, and of one in an L1 of your own.
   */
  ageMs: number | undefined;
  /**
   * For how many milliseconds this instance still answers with it: from L1, without one from L2; of a `negative`
   * answer, for how long the absence is remembered. `Infinity`: it does not expire; 0: it was not kept; `undefined`:
   * not known, as of a value that was found in L2 and that L1 does not keep.
   */
  ttlMs: number | undefined;
  /** Its tags, if it has some, and L1 holds it. */
  tags?: string[];
}
