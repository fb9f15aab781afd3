import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { LazyLayersCache } from "../../index.mjs";
import { ask } from "./plain.mjs";

const { adviceFor } = createRequire(import.meta.url)("../../lib/observability/advice.js");

/** What is known of a cache of which there is nothing to say. */
function about(change = {}) {
  const stats = {
    hits: { L1: 1000, L2: 50, negative: 0, stale: 0 },
    misses: { L1: 200, L2: 100 },
    joins: 0,
    loads: { started: 100, succeeded: 100, failed: 0, timeouts: 0, bypassed: 0, totalMs: 1, running: 0, oldestMs: 0 },
    sets: 100,
    evictions: { capacity: 0, expired: 0 },
    bus: { valuesTooLarge: 0, valuesSent: 0, gaps: 0 },
    ...change.stats,
  };
  return {
    options: {},
    lifetimes: { L1: 60_000, L2: 60_000 },
    again: { early: 0, late: 0, all: 100 },
    listeners: 0,
    largestSent: 0,
    locks: false,
    ...change,
    stats,
  };
}

const base = about().stats;

/** For each rule: what makes it speak, and what it then says. */
const RULES = {
  "l1-too-small": [
    { again: { early: 40, late: 0, all: 100 }, stats: { evictions: { capacity: 500, expired: 0 } } },
    { option: "levels.L1.maxEntries", current: 1000, suggested: 2000, text: /^40 % of loads .* made room 500 times/ },
  ],
  "ttl-makes-loads": [
    { again: { early: 0, late: 80, all: 100 } },
    { option: "ttlMs", current: 60_000, text: /^80 % of loads .* lifetime of 60,000 ms/ },
  ],
  "keys-not-hit": [
    { stats: { hits: { ...base.hits, L1: 5, L2: 0 } } },
    { option: null, text: /^100 values were loaded and only 5 reads/ },
  ],
  "l2-without-hits": [
    { stats: { hits: { ...base.hits, L2: 1 }, misses: { L1: 1, L2: 999 } } },
    { option: "levels.L2.ttlMs", text: /answered 0 % of 1,000 look-ups/ },
  ],
  "stale-served": [
    { stats: { hits: { ...base.hits, stale: 12 }, loads: { ...base.loads, failed: 9, timeouts: 4 } } },
    { option: "timeouts", text: /^12 reads .* 9 loads failed, 4 passed a limit/ },
  ],
  "loads-fail": [
    { stats: { loads: { ...base.loads, failed: 30 } } },
    { option: "failSafe.enabled", text: /^30 % of 100 loads failed/ },
  ],
  "values-too-large-to-send": [
    {
      options: { broadcastSetMaxBytes: 100 },
      largestSent: 5000,
      stats: { bus: { valuesTooLarge: 5, valuesSent: 5, gaps: 0 } },
    },
    { option: "broadcastSetMaxBytes", current: 100, suggested: 5000, text: /^5 of 10 loaded values .* 5,000 bytes/ },
  ],
  "listeners-cost": [{ listeners: 2 }, { option: "events", text: /^2 handlers hear of every event/ }],
  "lock-not-contended": [
    {
      options: { distributedLock: { enabled: true } },
      locks: true,
      stats: { hits: { ...base.hits, L2: 0 }, loads: { ...base.loads, started: 5000 } },
    },
    { option: "distributedLock.enabled", current: true, suggested: false, text: /^distributedLock made 5,000 loads/ },
  ],
  "bus-gaps": [
    { stats: { bus: { ...base.bus, gaps: 3 } } },
    { option: null, text: /missed 3 times/ },
  ],
};

test("of a cache that does well nothing is said", () => {
  assert.deepEqual(adviceFor(about()), []);
});

test("of a cache that has done little nothing is said", () => {
  const none = { L1: 0, L2: 0, negative: 0, stale: 0 };
  const loads = { ...base.loads, started: 3, succeeded: 0, failed: 3 };
  const stats = { hits: none, misses: { L1: 3, L2: 3 }, loads };
  assert.deepEqual(adviceFor(about({ again: { early: 3, late: 0, all: 3 }, stats })), []);
});

for (const [rule, [change, { text, ...wanted }]] of Object.entries(RULES)) {
  test(`the rule ${rule} speaks when there is reason to, with a number`, () => {
    const said = adviceFor(about(change)).find((advice) => advice.rule === rule);
    assert.ok(said !== undefined, "it says nothing");
    assert.match(said.text, text);
    assert.match(said.text, /\.$/);
    for (const [name, value] of Object.entries(wanted)) assert.equal(said[name], value, name);
    assert.ok(["info", "warn"].includes(said.severity));
  });
}

test("a cache that is too small for what is asked of it is told so", async () => {
  const observability = { enabled: true, quiet: true, server: false };
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 10 } }, observability });
  for (let round = 0; round < 10; round += 1) {
    for (let key = 0; key < 30; key += 1) await cache.getOrSet(`k${key}`, () => key);
  }
  const { advice } = (await ask(cache.getObservabilityHandler(), "/observelazyily/api/advice")).json;
  const said = advice.find(({ rule }) => rule === "l1-too-small");
  assert.deepEqual([said.option, said.current, said.suggested], ["levels.L1.maxEntries", 10, 20]);
  await cache.close();
});
