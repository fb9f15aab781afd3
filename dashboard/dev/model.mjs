/**
 * Caches that do not exist, for work on the page: they count, expire and fail as caches would. The shapes are those of
 * the real server; nothing of it is part of the package.
 */
import { createRequire } from 'node:module';

const { COUNT, statsOf } = createRequire(import.meta.url)('../../lib/contract/stats.js');

const SECOND = 1000;

/** Numbers that look random and are the same in each run. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const HOSTILE = {
  name: '<script>document.title = "taken"</script>',
  image: '<img src=x onerror="document.title = \'taken\'">',
  link: 'javascript:alert(1)',
};

function keyAt(index) {
  if (index === 0) return 'note:<script>document.title="taken"</script>';
  if (index % 10 < 5)
    return `user:${Math.floor(index / 10)}:${['profile', 'rights', 'cart', 'seen', 'plan'][index % 5]}`;
  if (index % 10 < 8) return `product:${Math.floor(index / 30)}:${['de', 'en', 'fr'][index % 3]}:${index % 10}`;
  return index % 10 === 8 ? `session:${(index * 2_654_435_761).toString(36)}` : `price:${index}`;
}

function valueAt(index, random) {
  if (index === 0) return HOSTILE;
  if (index % 10 === 9) return Math.round(random() * 1e5) / 100;
  const tags = ['new', 'sale', 'archived'].filter(() => random() < 0.3);
  return {
    id: String(index),
    name: `Name ${index}`,
    active: random() < 0.8,
    score: Math.round(random() * 1000) / 10,
    tags,
    address: { city: 'Lyon', zip: '69001', lines: ['12 rue de la Paix'] },
    updatedAt: { $type: 'Date', text: new Date(1_795_000_000_000 + index * 1000).toISOString() },
    visits: { $type: 'bigint', text: String(index * 7) },
  };
}

export function makeEntries(count, startedAt, seed = 7) {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, index) => {
    const bytes = Math.round(90 + random() ** 6 * 40_000);
    const isPacked = bytes > 4000;
    const ratio = isPacked ? 0.6 + random() * 0.3 : 0;
    return {
      key: keyAt(index),
      expiresAt: index % 97 === 0 ? null : startedAt + 20 * SECOND + random() * 3600 * SECOND,
      deserializedBytes: bytes,
      serializedBytes: Math.round(bytes * (1 - ratio) * 0.8) + 6,
      compressionRatio: ratio,
      encoding: isPacked ? 'msgpack-gzip' : 'msgpack',
      memoryBytes: Math.round(bytes * 1.7 + 64),
      value: valueAt(index, random),
    };
  });
}

/** The numbers of a cache that has done nothing. */
function zeroStats() {
  const stats = statsOf(new Float64Array(COUNT));
  // Without a bound on bytes none are counted.
  return { ...stats, L1: { ...stats.L1, bytes: null } };
}

/** The calls of a tenth of a second, on average, at full pace. */
function step(stats, pace, random, at) {
  const wave = 0.75 + 0.25 * Math.sin(at / 40_000);
  const some = (mean) => Math.round(mean * pace * wave * (0.7 + random() * 0.6));
  const failing = at % 180_000 > 150_000 ? 0.4 : 0.01;
  const loads = some(6);
  const failed = Math.round(loads * failing);
  stats.hits.L1 += some(420);
  stats.hits.L2 += some(24);
  stats.hits.negative += some(9);
  stats.hits.stale += failed;
  stats.misses.L1 += loads + some(24);
  stats.misses.L2 += loads + some(2);
  stats.joins += some(3);
  stats.loads.started += loads;
  stats.loads.failed += failed;
  stats.loads.succeeded += loads - failed;
  stats.loads.totalMs += loads * 41;
  stats.loads.running = 3 + Math.round(random() * 2);
  stats.loads.oldestMs = 800 + (at % 9000);
  stats.sets += loads + some(1.5);
  stats.deletes += some(1);
  stats.evictions.capacity += some(3.4);
  stats.evictions.expired += some(2);
  stats.bus.received += some(4);
  stats.bus.valuesReceived += some(2);
  stats.bus.valuesSent += loads;
  stats.bus.valuesTooLarge += random() < 0.02 * pace ? 1 : 0;
}

export class Cache {
  constructor({ id, name, environment = 0, observed = true, count, pace, layers, bounds, startedAt }) {
    Object.assign(this, { id, name, environment, observed, pace, layers, bounds });
    this.random = randomFrom(count + pace * 100);
    this.entries = observed ? makeEntries(count, startedAt) : [];
    this.byKey = new Map(this.entries.map((entry) => [entry.key, entry]));
    this.stats = zeroStats();
    this.stats.L1.entries = layers.l1 ? count : null;
    this.history = [];
    const ticks = 3000;
    for (let tick = 0; tick < ticks; tick += 1) this.tick(startedAt - (ticks - tick) * 100);
  }

  tick(at) {
    step(this.stats, this.pace, this.random, at);
    if (Math.floor(at / SECOND) !== this.lastSecond) {
      this.lastSecond = Math.floor(at / SECOND);
      this.history.push([at, structuredClone(this.stats)]);
      if (this.history.length > 300) this.history.shift();
    }
  }

  state() {
    const { id, name, environment, observed, layers, bounds, stats } = this;
    const breakers = { l2: layers.l2 ? 'closed' : null, bus: layers.bus ? 'closed' : null };
    return { id, name, environment, observed, layers, bounds, breakers, stats };
  }
}
