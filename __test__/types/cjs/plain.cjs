// @ts-check
// A CommonJS program in JavaScript, checked.

const { LazyLayersCache } = require('lazy-layers-cache');
const { CircuitBreaker } = require('lazy-layers-cache/cache');

const cache = new LazyLayersCache({ ttlMs: 60_000 });
const breaker = new CircuitBreaker();

async function main() {
  await cache.set('user:1', { id: '1' });
  // @ts-expect-error a duration is a number
  await cache.set('user:2', { id: '2' }, { ttlMs: '1m' });
  return breaker.currentState;
}

module.exports = { main };
