// Another thread writes the clock's word: a decision that read it twice could see two times.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const { CLOCK } = require('../../lib/contract/numbers.js');
const { bridge } = require('../../lib/raw.js');

/** Whether the next reading finds the clock stopped, which reads as infinite; set by each test. */
let stops = () => false;
const { clock } = bridge;
const TIMES = new Set([CLOCK.HITS, CLOCK.TIME].map(String));
// Before the modules are loaded that take it from there.
bridge.clock = new Proxy(clock, {
  get: (target, name) => (TIMES.has(name) && stops() ? Infinity : Reflect.get(target, name)),
  set: (target, name, value) => Reflect.set(target, name, value),
});
const { MemoryStore } = require('../../index.js');

/** Readings of which each `nth` one of `period` finds the clock stopped. */
function stopAt(nth, period) {
  let readings = 0;
  stops = () => readings++ % period === nth;
  return () => readings;
}

for (const period of [2, 3, 4, 5]) {
  for (let nth = 0; nth < period; nth += 1) {
    test(`no entry lives for ever when reading ${nth + 1} of ${period} finds the clock stopped`, async () => {
      const store = new MemoryStore({ ttlMs: 60_000 });
      const readings = stopAt(nth, period);
      for (let key = 0; key < 20; key += 1) {
        await store.getOrSet(`at once ${key}`, () => key);
        await store.getOrSet(`later ${key}`, async () => key);
        await store.set(`set ${key}`, key);
        await store.set(`set ${key}`, -key);
        await store.get(`at once ${key}`);
      }
      stops = () => false;
      assert.ok(readings() > 100);
      const { keys } = await store.inspect({ limit: 1000 });
      assert.equal(keys.length, 60);
      for (const entry of keys) {
        assert.ok(entry.ttlRemainingMs <= 60_000 && entry.ttlRemainingMs > 0, `${entry.key}: ${entry.ttlRemainingMs}`);
      }
    });
  }
}
