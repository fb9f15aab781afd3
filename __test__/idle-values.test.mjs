import assert from "node:assert/strict";
import { test } from "node:test";
import { LazyLayersCache } from "../index.mjs";
import { pass } from "./support/deferred.mjs";
import { survivors } from "./support/garbage.mjs";

test("size() lets go of all values that have expired", async () => {
  const cache = new LazyLayersCache();
  const held = [];
  for (let key = 0; key < 500; key++) {
    const value = { key };
    held.push(new WeakRef(value));
    await cache.set(`k${key}`, value, { ttlMs: 10 });
  }
  await pass(10);
  assert.equal(await cache.size(), 0);
  assert.equal(await survivors(held), 0);
});
