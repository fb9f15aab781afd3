// Stores over sentinels, by options and by clients of node-redis: node node-redis-sentinels.mjs addresses
import assert from 'node:assert/strict';
import * as latest from 'redis';
import * as five from 'redis-5';
import { RedisStore } from '../../index.mjs';

const addresses = JSON.parse(process.argv[2]);
const given = () => ({ name: 'main', sentinelRootNodes: addresses.map(({ host, port }) => ({ host, port })) });
const stores = [new RedisStore(given())];
for (const { createSentinel } of [latest, five]) {
  const sentinel = createSentinel(given());
  sentinel.on('error', () => {});
  await sentinel.connect();
  stores.push(new RedisStore(sentinel));
}
for (const [at, store] of stores.entries()) {
  await store.set('k', at);
  assert.deepEqual(await Promise.all(stores.map((each) => each.get('k'))), [at, at, at]);
  assert.equal(await store.size(), 1);
}
process.exit(0);
