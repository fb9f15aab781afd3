import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { Attacker, DASH, status } from '../attack/attacker.mjs';
import * as attacks from '../attack/attacks.mjs';
import { until } from '../support/deferred.mjs';

let cache;
let attacker;

const start = (observability = {}) => {
  cache = new LazyLayersCache({
    logging: { enabled: false },
    observability: { enabled: true, quiet: true, server: { port: 0 }, actions: true, ...observability },
  });
  attacker = new Attacker(cache.getObservabilityServer().port);
};

beforeEach(() => start());
afterEach(async () => {
  attacker.close();
  await cache.close();
});

const request = (line, headers) => attacker.request(line, headers);
const openConnections = () =>
  new Promise((resolve) => cache.getObservabilityServer().server.getConnections((_, open) => resolve(open)));

test('a name that leads here is no host', async () => {
  await attacks.wrongHosts(attacker);
  for (const host of ['127.0.0.1', 'localhost:1', '[::1]:5', 'LOCALHOST']) {
    assert.equal(status(await request(`GET ${DASH}`, { Host: host })), 200, host);
  }
  assert.equal(status(await request('GET /healthz', { Host: 'evil.example' })), 200);
});

test('a name that is allowed is a host, and so is every one for metrics that are public', async () => {
  await cache.close();
  start({ server: { port: 0, allowedHosts: ['dash.internal'] }, prometheus: { enabled: true, public: true } });
  assert.equal(status(await request(`GET ${DASH}`, { Host: 'dash.internal' })), 200);
  assert.equal(status(await request(`GET ${DASH}`, { Host: 'other.internal' })), 403);
  assert.equal(status(await request(`GET ${DASH}/metrics`, { Host: 'other.internal', Authorization: undefined })), 200);
});

test('another site changes nothing, and the page itself does', async () => {
  await cache.set('k', 1);
  await attacks.otherSites(attacker);
  assert.equal(await cache.get('k'), 1);
  const same = { ...attacks.ACTION, Origin: 'http://127.0.0.1', 'Sec-Fetch-Site': 'same-origin' };
  assert.equal(status(await request(`POST ${DASH}/api/actions/delete?key=k`, same)), 200);
  assert.equal(await cache.get('k'), undefined);
});

test('without actions nothing can be changed', async () => {
  await cache.close();
  start({ actions: false });
  await cache.set('k', 1);
  assert.equal(status(await request(`POST ${DASH}/api/actions/delete?key=k`, attacks.ACTION)), 405);
  assert.equal(await cache.get('k'), 1);
});

test('headers that others may read differently are refused, and bodies are not requests', () =>
  attacks.smuggling(attacker));

test('no path leads out of the dashboard', () => attacks.paths(attacker));

test('heads, parameters and bodies are bounded', () => attacks.oversized(attacker));

test('ten thousand wrong passwords learn nothing, and the right one waits with them', async () => {
  const counts = await attacks.guesses(attacker, 10_000);
  assert.deepEqual(Object.keys(counts), ['401', '429']);
  assert.ok(counts[401] < 200, JSON.stringify(counts));
  const answer = await request(`GET ${DASH}`);
  assert.equal(status(answer), 429);
  assert.match(answer, /retry-after: \d+/i);
});

test('clients that send their heads slowly do not keep others out', async () => {
  const slow = await attacks.slowHeads(attacker, 100);
  assert.equal(status(await request(`GET ${DASH}`)), 200);
  await until(async () => (await openConnections()) === 0, 'they are cut off');
  slow.end();
});

test('of two hundred streams twenty are open, and those that stall are dropped', async () => {
  const { codes, open, reading, end } = await attacks.streams(attacker, 200);
  assert.equal(open.length, 20);
  assert.ok(
    codes.every((code) => [200, 503].includes(code)),
    String(codes),
  );
  let heard = 0;
  const readers = reading((chunk) => (heard += chunk.length));
  const large = 'x'.repeat(20_000);
  await until(
    async () => {
      for (let at = 0; at < 300; at += 1) await cache.delete(large + at);
      return (await openConnections()) <= readers.length;
    },
    'those that stall are dropped',
    60_000,
  );
  assert.ok(heard > 0);
  assert.equal(status(await request(`GET ${DASH}`)), 200);
  end();
});
