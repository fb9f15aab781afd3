import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "ioredis";
import { LazyLayersCache, RedisStore } from "../../index.mjs";
import { until } from "../support/deferred.mjs";
import { record } from "../support/events.mjs";
import { redisCluster, redisSentinels } from "../support/servers/redis-groups.mjs";
import { standIn } from "./kinds.mjs";

const KEYS = Array.from({ length: 200 }, (_, id) => `user:${id}`);

test("a cluster of three primaries", async (t) => {
  const cluster = await redisCluster(t);
  const client = new Cluster(cluster.nodes);
  client.on("error", () => {});
  t.after(() => client.disconnect());
  /** Keys of a prefix on each primary. */
  const spread = (prefix) => Promise.all(cluster.clients.map(async (node) => (await node.keys(`${prefix}user:*`)).length));

  const kinds = { "a client of ioredis": client, "nodes": { nodes: cluster.nodes }, "a stand-in": standIn(client) };
  for (const [kind, connection] of Object.entries(kinds)) {
    for (const useIndex of [true, false]) {
      const prefix = `${kind}${useIndex}:`;
      const store = new RedisStore(connection, { prefix, useIndex, scanCount: 20, batchSize: 30 });

      await t.test(`${kind}: values are on all of them, and read back, ${useIndex ? "with" : "without"} an index`, async () => {
        await Promise.all(KEYS.map((key) => store.set(key, { key })));
        assert.ok((await spread(prefix)).every((count) => count > 0));
        const read = await Promise.all(KEYS.map((key) => store.get(key)));
        assert.ok(read.every((value, at) => value.key === KEYS[at]));
        assert.equal(await store.size(), KEYS.length);
      });

      await t.test(`${kind}: pages show all of them, ${useIndex ? "with" : "without"} an index`, async () => {
        const seen = new Set();
        let cursor;
        do {
          const page = await store.inspect({ limit: 30, cursor });
          for (const { key } of page.keys) seen.add(key);
          cursor = page.cursor;
        } while (cursor !== undefined);
        assert.deepEqual([...seen].sort(), [...KEYS].sort());
      });

      await t.test(`${kind}: patterns remove from all of them, ${useIndex ? "with" : "without"} an index`, async () => {
        await store.deleteByPattern("user:1*");
        assert.equal(await store.size(), KEYS.filter((key) => !key.startsWith("user:1")).length);
        await store.clear();
        assert.deepEqual(await spread(prefix), [0, 0, 0]);
      });
    }
  }

  await t.test("a load under the lock is stored, wherever its key is", async () => {
    const l2 = new RedisStore(client, { prefix: "locked:" });
    const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true } });
    const { of } = record(cache);
    await Promise.all(KEYS.map((key) => cache.getOrSet(key, () => ({ key }))));
    assert.deepEqual(of("l2:error"), []);
    const read = await Promise.all(KEYS.map((key) => l2.get(key)));
    assert.ok(read.every((value, at) => value.key === KEYS[at]));
    await cache.delete(KEYS[0]);
    assert.equal(await l2.has(KEYS[0]), false);
    await cache.close();
  });

  await t.test("a slot that moves to another primary is followed", async () => {
    const store = new RedisStore({ nodes: cluster.nodes }, { prefix: "moved:" });
    await store.set("{x}1", 1);
    const slot = Number(await client.cluster("KEYSLOT", "{x}1"));
    const ids = await Promise.all(cluster.clients.map((node) => node.cluster("MYID")));
    const counts = await Promise.all(cluster.clients.map((node) => node.cluster("COUNTKEYSINSLOT", slot)));
    const from = counts.findIndex((count) => count > 0);
    const to = (from + 1) % 3;
    await cluster.clients[to].cluster("SETSLOT", slot, "IMPORTING", ids[from]);
    await cluster.clients[from].cluster("SETSLOT", slot, "MIGRATING", ids[to]);
    await cluster.clients[from].call("MIGRATE", "127.0.0.1", cluster.servers[to].port, "moved:{x}1", 0, 5000);
    for (const node of [cluster.clients[to], cluster.clients[from]]) await node.cluster("SETSLOT", slot, "NODE", ids[to]);
    assert.equal(await store.get("{x}1"), 1);
    await store.set("{x}1", 2);
    assert.equal(await store.get("{x}1"), 2);
  });

  await t.test("a primary that dies costs its own slots, not the calls", async () => {
    const l2 = new RedisStore({ nodes: cluster.nodes }, { prefix: "dead:" });
    const cache = new LazyLayersCache({ l2, l1: false });
    await Promise.all(KEYS.map((key) => cache.set(key, key)));
    await cluster.servers[2].kill();
    const start = performance.now();
    const read = await Promise.all(KEYS.map((key) => cache.getOrSet(key, () => key)));
    assert.deepEqual(read, KEYS);
    assert.ok(performance.now() - start < 5000);
    await cluster.servers[2].start();
    await until(async () => {
      await Promise.all(KEYS.map((key) => cache.set(key, key)));
      const stored = await Promise.all(KEYS.map((key) => l2.get(key).catch(() => undefined)));
      return stored.every((value, at) => value === KEYS[at]);
    }, "all of it is used again", 20_000);
    await cache.close();
  });
});

test("a master that sentinels name", async (t) => {
  const group = await redisSentinels(t);
  const l2 = new RedisStore({ sentinels: group.addresses, name: "main" }, { prefix: "s:" });
  const cache = new LazyLayersCache({ l2, l1: false });
  t.after(() => cache.close());

  await t.test("is found and written to", async () => {
    await cache.set("k", { a: 1 });
    const master = group.master.client();
    assert.equal(await master.exists("s:k"), 1);
    master.disconnect();
    assert.deepEqual(await cache.get("k"), { a: 1 });
  });

  await t.test("is followed when it dies and its replica takes over", async () => {
    const replica = group.replica.client();
    await until(async () => (await replica.exists("s:k")) === 1, "the replica has it");
    await group.master.kill();
    const start = performance.now();
    assert.equal(await cache.getOrSet("other", () => "loaded"), "loaded");
    assert.ok(performance.now() - start < 4000, "no call hangs");
    await until(async () => /role:master/.test(await replica.info("replication")), "the replica takes over", 30_000);
    await until(async () => {
      await cache.set("after", 1);
      return (await replica.exists("s:after")) === 1;
    }, "the new master is used", 15_000);
    assert.deepEqual(await cache.get("k"), { a: 1 });
    replica.disconnect();
  });
});
