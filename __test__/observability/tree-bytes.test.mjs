import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { LOGIN } from './plain.mjs';

const made = [];

afterEach(async () => {
  for (const cache of made.splice(0)) await cache.close();
});

/** The tree of a cache of L1's options, which holds three keys of users. */
async function tree(L1) {
  const observability = { enabled: true, quiet: true, server: false };
  const cache = new LazyLayersCache({ logging: { enabled: false }, observability, levels: { L1 } });
  made.push(cache);
  for (const key of ['user:1:name', 'user:1:mail', 'user:2']) await cache.set(key, 'x'.repeat(100));
  const request = new Request('http://h/observelazyily/api/tree?prefix=user:', { headers: { authorization: LOGIN } });
  return (await cache.getObservabilityHandler().handle(request)).json();
}

test('the tree tells bytes where L1 is bounded in bytes, and does not know them elsewhere', async () => {
  const unweighed = await tree({});
  assert.deepEqual([unweighed.keys, unweighed.bytes, unweighed.nodes[0].bytes], [3, null, null]);
  const { keys, bytes, nodes } = await tree({ maxBytes: 1e6 });
  assert.equal(keys, 3);
  assert.ok(nodes[0].bytes >= 200 && nodes[1].bytes >= 100);
  assert.equal(bytes, nodes[0].bytes + nodes[1].bytes);
});
