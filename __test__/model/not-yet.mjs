// Known faults of this version. Runs leave it out unless they are strict; each line goes with its fault.

/** @typedef {{ index: boolean, lateMs: number }} Extent */

/** @type {Extent} */
export const STRICT = {
  /** Patterns by the index of Redis, where an entry and its place change together. */
  index: true,
  /** How late the end of a lifetime may be noticed, in milliseconds. */
  lateMs: 5,
};

/** @type {Extent} */
export const TODAY = { ...STRICT, lateMs: 30 };
