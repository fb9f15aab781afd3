/** Events of a cache that does not exist. */
const KINDS = [
  [60, ({ key }) => ['hit', { key, level: 'L1' }]],
  [8, ({ key }) => ['hit', { key, level: 'L2' }]],
  [8, ({ key }) => ['miss', { key, level: 'L1' }]],
  [5, ({ key }) => ['miss', { key, level: 'L2' }]],
  [5, ({ key }) => ['loader:start', { key }]],
  [4, ({ key, random }) => ['loader:success', { key, durationMs: Math.round(random() * 900) / 10 }]],
  [1, ({ key }) => ['loader:error', { key, durationMs: 5000.2, error: 'connect ECONNREFUSED 10.0.0.7:5432' }]],
  [4, ({ key }) => ['set', { key, levels: ['L1', 'L2'] }]],
  [2, ({ key }) => ['inflight:reuse', { key }]],
  [1, ({ key }) => ['delete', { key, remote: true, source: 'b7c01d' }]],
  [1, ({ key }) => ['set:received', { key, level: 'L1', source: 'c91f44' }]],
  [1, ({ key }) => ['stale:hit', { key, reason: 'loader-error' }]],
];

const WHOLE = KINDS.reduce((sum, [weight]) => sum + weight, 0);

function pick(random) {
  let at = random() * WHOLE;
  return KINDS.find(([weight]) => (at -= weight) < 0)?.[1] ?? KINDS[0][1];
}

export class Feed {
  constructor(cache, { size = 1000 } = {}) {
    Object.assign(this, { cache, size, seq: 0, ring: [], listeners: new Set() });
  }

  /** Keys near the beginning are in use more than those at the end. */
  emit(ts) {
    const { random, entries } = this.cache;
    const { key } = entries[Math.floor(random() ** 3 * entries.length)];
    const [type, data] = pick(random)({ key, random });
    this.seq += 1;
    const event = { seq: this.seq, ts, type, data };
    this.ring.push(event);
    if (this.ring.length > this.size) this.ring.shift();
    for (const listener of this.listeners) listener(event);
  }

  about(key) {
    return this.ring
      .filter(({ data }) => data.key === key)
      .reverse()
      .slice(0, 100);
  }
}
