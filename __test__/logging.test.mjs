import assert from "node:assert/strict";
import { test } from "node:test";
import { LazyLayersCache } from "../index.mjs";
import { turns } from "./support/deferred.mjs";
import { FaultyStore } from "./support/faulty-store.mjs";

const LEVELS = ["[DEBUG]", "[INFO]", "[WARN]", "[ERROR]"];

/** Everything the console is told while a cache lives through normal work and through faults of its L2, its bus and a handler. */
async function logged(t, logging) {
  const lines = [];
  for (const method of ["debug", "info", "log", "warn", "error"]) {
    t.mock.method(console, method, (...args) => lines.push(args));
  }
  const eventBus = {
    publish: () => Promise.reject(new Error("bus is down")),
    subscribe: () => Promise.reject(new Error("bus is down")),
  };
  const l2 = new FaultyStore().fail("reject");
  const handler = () => {
    throw new Error("handler");
  };
  const cache = new LazyLayersCache({ l2, eventBus, logging, events: [handler] });
  await cache.set("k", 1);
  await cache.get("absent");
  await cache.getOrSet("loaded", () => 1);
  await cache.getOrSet("failed", () => Promise.reject(new Error("loader"))).catch(() => {});
  await cache.delete("k");
  await cache.clear();
  await turns(10);
  t.mock.restoreAll();
  return lines;
}

/** Runs `work` with NODE_ENV as given. */
async function withNodeEnv(value, work) {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = value;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

test("faults are logged in development, each line led by its level", async (t) => {
  const lines = await logged(t, { env: "development" });
  assert.ok(lines.length > 0);
  for (const [first] of lines) assert.ok(LEVELS.includes(first), String(first));
});

test("a warning that comes again within a second is not logged again, and told of with the next", async (t) => {
  let now = 1_000_000;
  t.mock.method(Date, "now", () => now);
  const lines = [];
  t.mock.method(console, "warn", (...args) => lines.push(args[1]));
  const l2 = new FaultyStore().fail("reject");
  const resilience = { l2CircuitBreaker: { enabled: false } };
  const cache = new LazyLayersCache({ l2, resilience, logging: { env: "development" } });
  for (let at = 0; at < 5; at += 1) await cache.get("k");
  await cache.set("k", 1);
  now += 1000;
  await cache.get("other");
  t.mock.restoreAll();
  assert.deepEqual(lines, ["cache L2 get failed", "cache L2 set failed", "cache L2 get failed, as did 4 before"]);
});

test("logging.enabled false mutes everything, errors too", async (t) => {
  assert.deepEqual(await logged(t, { enabled: false, env: "development" }), []);
});

test("in production nothing but errors is logged", async (t) => {
  const lines = await logged(t, { env: "production" });
  assert.deepEqual(lines.filter(([first]) => first !== "[ERROR]"), []);
});

test("in production errors are logged", async (t) => {
  const lines = await logged(t, { env: "production" });
  assert.ok(lines.length > 0);
});

test("logging.enabled true logs in production what development logs", async (t) => {
  const forced = await logged(t, { enabled: true, env: "production" });
  const quiet = await logged(t, { env: "production" });
  assert.ok(forced.length > quiet.length);
  assert.ok(forced.some(([first]) => first !== "[ERROR]"));
});

test("without logging.env NODE_ENV decides", async (t) => {
  const lines = await withNodeEnv("production", () => logged(t, undefined));
  assert.deepEqual(lines.filter(([first]) => first !== "[ERROR]"), []);
});

test("logging.env beats NODE_ENV", async (t) => {
  const quiet = await withNodeEnv("development", () => logged(t, { env: "production" }));
  assert.deepEqual(quiet.filter(([first]) => first !== "[ERROR]"), []);
});

test("a cache that works logs nothing in production", async (t) => {
  const lines = [];
  for (const method of ["debug", "info", "log", "warn", "error"]) {
    t.mock.method(console, method, (...args) => lines.push(args));
  }
  const cache = new LazyLayersCache({ logging: { env: "production" } });
  await cache.set("k", 1);
  await cache.get("k");
  await cache.getOrSet("loaded", () => 1);
  await cache.clear();
  t.mock.restoreAll();
  assert.deepEqual(lines, []);
});
