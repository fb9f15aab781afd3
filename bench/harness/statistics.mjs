/** The value a fraction `q` (0 to 1) of the way through the sorted samples, interpolated between neighbours. */
export function quantile(samples, q) {
  if (samples.length === 0) return NaN;
  const sorted = [...samples].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

export const median = (samples) => quantile(samples, 0.5);

/** The result of the rounds of one adapter on one row: the median, and how far the rounds lie apart. */
export function summarise(rounds) {
  return { median: median(rounds), min: Math.min(...rounds), max: Math.max(...rounds), rounds };
}

/**
 * The median of the ratios taken round by round. The two sides of a ratio ran seconds apart, so a machine that
 * slows down over minutes moves both and leaves the ratio alone.
 */
export function pairedRatio(rounds, baseline) {
  const pairs = Math.min(rounds.length, baseline.length);
  if (pairs === 0) return undefined;
  return median(Array.from({ length: pairs }, (_, round) => rounds[round] / baseline[round]));
}
