import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { runFixture } from './support/run-node.mjs';
import { redisServer } from './support/servers/redis.mjs';

const require = createRequire(import.meta.url);

/** Loads the package once more, as a test runner with a module registry of its own does. */
function reloaded() {
  for (const path of Object.keys(require.cache)) delete require.cache[path];
  return require('../index.js');
}

test('a second copy of the modules in one thread works beside the first', async () => {
  const first = new (reloaded().LazyLayersCache)();
  const second = new (reloaded().LazyLayersCache)();
  await first.set('k', 'of the first');
  await second.set('k', 'of the second');
  assert.equal(await first.getOrSet('k', () => 'loaded'), 'of the first');
  assert.equal(await second.getOrSet('other', async () => 'loaded'), 'loaded');
  assert.equal(await second.get('k'), 'of the second');
});

test('memory of copies of the modules that are garbage is written to by nobody', async (t) => {
  const server = await redisServer(t);
  const { code, stdout, stderr } = await runFixture('garbage-modules.mjs', [server.url], { flags: ['--expose-gc'] });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '0\n');
});
