import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODES } from '../support/nodes.mjs';
import { runFixture } from '../support/run-node.mjs';
import { freePort } from '../support/servers/process.mjs';
import { redisServer } from '../support/servers/redis.mjs';

const FIXTURE = fileURLToPath(new URL('fixtures/tenants.mjs', import.meta.url));

async function tenants(node, config) {
  const asked = { requests: 600, tenants: 100, options: {}, ...config };
  const { code, stdout, stderr } = await runFixture(FIXTURE, [JSON.stringify(asked)], { node });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/**
 * Everything ran in its own context, and these callbacks were among it. An entry makes room for that of another tenant,
 * in whose call it does.
 */
function assertOwn({ evict: _evict, ...seen }, expected) {
  const foreign = Object.entries(seen).filter(([, { other, none }]) => other + none > 0);
  assert.deepEqual(Object.fromEntries(foreign), {});
  for (const what of expected) assert.ok(seen[what]?.own > 0, `${what} did not happen: ${Object.keys(seen)}`);
}

const RISKY = { timeouts: { hardMs: 200 }, negativeCache: { ttlMs: 100 } };
const LOCKED = { ...RISKY, distributedLock: { enabled: true, waitTimeoutMs: 300, pollMs: 5 } };

for (const [version, node] of NODES) {
  test(`Node.js ${version}: 2,000 requests of 100 tenants with locks and timeouts while Redis restarts`, async (t) => {
    const server = await redisServer(t);
    const options = { ...LOCKED, resilience: { l2CircuitBreaker: { cooldownMs: 50 } } };
    const seen = tenants(node, { kind: 'client', url: server.url, options, requests: 2000 });
    const over = seen.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([over, sleep(300)]))) {
      await server.kill();
      await sleep(100);
      await server.start();
    }
    assertOwn(await seen, ['loader', 'abort', 'after', 'miss', 'set', 'loader:error', 'l2:error']);
  });

  const kinds = {
    'memory alone': { kind: 'none', options: RISKY },
    'soft and hard limits beside stale copies': {
      kind: 'none',
      options: { ttlMs: 20, failSafe: { enabled: true, staleTtlMs: 60_000 }, timeouts: { softMs: 5, hardMs: 200 } },
    },
    'a Redis by its URL': { kind: 'url', options: RISKY },
    'no memory layer': { kind: 'client', options: { ...RISKY, l1: false } },
    'a stand-in with locks': { kind: 'stand-in', options: LOCKED },
    "a store of the user's that hangs": { kind: 'own L2', options: { ...RISKY, resilience: { l2TimeoutMs: 30 } } },
    'a Redis that is not there': { kind: 'client', isAway: true, options: LOCKED },
  };
  for (const [name, { isAway, ...config }] of Object.entries(kinds)) {
    test(`Node.js ${version}: ${name}: all callbacks see their own tenant`, async (t) => {
      const url = isAway ? `redis://127.0.0.1:${await freePort()}` : (await redisServer(t)).url;
      assertOwn(await tenants(node, { ...config, url }), ['loader', 'abort', 'after', 'miss', 'loader:error']);
    });
  }
}
