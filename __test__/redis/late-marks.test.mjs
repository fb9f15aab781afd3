// A cluster whose index is on a node that answers late. A value that is found does not wait for it. A load that begins
// although a value was found does: its result is stored like that of any other load.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';

const PREFIX = 'late:';
/** How long a node may be silent before the others count it as lost; and time for a busy machine. */
const PATIENT = { commandTimeoutMs: 20_000, connectTimeoutMs: 20_000 };

const ends = [];
let cluster;
before(async () => {
  cluster = await redisCluster({ after: (end) => ends.push(end) });
});
after(async () => {
  for (const end of ends) await end();
});

/** The place of the node that has a name. */
async function placeOf(name) {
  const slot = await cluster.clients[0].cluster('KEYSLOT', name);
  return Math.floor(slot / Math.ceil(16_384 / 3));
}

async function world(t, options) {
  const index = await placeOf(`${PREFIX}__index`);
  let key;
  for (let at = 0; key === undefined || (await placeOf(PREFIX + key)) === index; at += 1) key = `${t.name}${at}`;
  const make = (more) => {
    const l2 = new RedisStore({ nodes: cluster.nodes }, { prefix: PREFIX, ...PATIENT });
    const resilience = { l2TimeoutMs: PATIENT.commandTimeoutMs };
    const cache = new LazyLayersCache({ l2, resilience, logging: { enabled: false }, ...more });
    t.after(() => cache.close({ timeoutMs: 0 }).then(() => l2.close()));
    return cache;
  };
  const node = cluster.clients[await placeOf(PREFIX + key)];
  const reads = async () => Number(/cmdstat_get:calls=(\d+)/.exec(await node.info('commandstats'))?.[1] ?? 0);
  /** Calls until the node of the entry has answered, while that of the index is silent. */
  const whileIndexIsSilent = async (call) => {
    const before = await reads();
    cluster.servers[index].pause();
    try {
      const called = [];
      await until(async () => {
        called.push(call());
        return (await reads()) > before;
      }, 'the entry is read');
      return called;
    } finally {
      cluster.servers[index].resume();
    }
  };
  return { key, cache: make(options), make, whileIndexIsSilent };
}

test('a load after a value whose tag was invalidated', async (t) => {
  const { key, cache, make, whileIndexIsSilent } = await world(t, {});
  const other = make();
  await other.set(key, 'old', { tags: [key] });
  await cache.deleteByTag(key);
  const called = await whileIndexIsSilent(() => cache.getOrSet(key, () => 'new', { tags: [key] }));
  for (const answer of await Promise.all(called)) assert.equal(answer, 'new');
  assert.equal(await make().get(key), 'new');
});

test('a load of a value that will soon be over', async (t) => {
  const { key, cache, make, whileIndexIsSilent } = await world(t, { refreshAhead: 0.01, ttlMs: 20_000 });
  await cache.set(key, 'old');
  let loads = 0;
  const loader = () => {
    loads += 1;
    return 'new';
  };
  await whileIndexIsSilent(() => cache.getOrSet(key, loader));
  await until(() => cache.peek(key) === 'new', 'it is loaded anew');
  assert.equal(loads, 1);
  assert.equal(await make().get(key), 'new');
});
