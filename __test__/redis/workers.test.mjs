import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFixture } from '../support/run-node.mjs';
import { redisServer } from '../support/servers/redis.mjs';

test('workers that are terminated while they use Redis leave the process whole', async (t) => {
  const server = await redisServer(t);
  const result = await runFixture('workers-redis.mjs', [server.url]);
  assert.equal(result.signal, null, result.stderr);
  assert.equal(result.stdout, 'done\n', result.stderr);
});
