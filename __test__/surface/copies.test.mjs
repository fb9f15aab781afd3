import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as threads from 'node:worker_threads';
import { MemoryStore, RedisStore, createCache } from '../../index.mjs';

const OBJECTS = {
  'a cache': createCache(),
  'a memory store': new MemoryStore(),
  'a store': new RedisStore('redis://127.0.0.1:1'),
};

for (const [name, object] of Object.entries(OBJECTS)) {
  test(`a copy of ${name} is refused where Node.js lets an object refuse it`, () => {
    if (threads.markAsUncloneable === undefined) {
      assert.deepEqual(structuredClone(object), {});
      return;
    }
    assert.throws(() => structuredClone(object), { name: 'DataCloneError' });
    const { port1 } = new MessageChannel();
    assert.throws(() => port1.postMessage(object), { name: 'DataCloneError' });
    port1.close();
  });
}
