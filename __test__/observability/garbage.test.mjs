import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LazyLayersCache, createObservabilityHandler, processStats } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { survivors } from '../support/garbage.mjs';
import { runFixture } from '../support/run-node.mjs';
import { LOGIN, ask, parts } from './plain.mjs';

const COUNT = 30;
const login = { headers: { authorization: LOGIN } };

/** Makes objects in a function of its own, so that no stack slot keeps the last one. */
async function weakly(make) {
  const refs = [];
  const one = async () => refs.push(new WeakRef(await make()));
  for (let n = 0; n < COUNT; n += 1) await one();
  return refs;
}

const observability = { enabled: true, quiet: true, server: false };

test('a cache that nobody uses any more is collected with its dashboard', async () => {
  const refs = await weakly(async () => {
    const cache = new LazyLayersCache({ name: 'dropped', observability });
    await cache.set('k', { large: new Array(1000).fill(1) });
    await ask(cache.getObservabilityHandler(), '/observelazyily/api/l1');
    await ask(cache.getObservabilityHandler(), '/observelazyily/api/caches');
    return cache;
  });
  assert.equal(await survivors(refs), 0);
  await until(() => processStats().every(({ cache }) => cache !== 'dropped'), 'it is forgotten');
});

test('a cache whose server was closed is collected', async () => {
  const refs = await weakly(async () => {
    const cache = new LazyLayersCache({ observability: { ...observability, server: { port: 0 } } });
    await cache.set('k', 1);
    const answer = await fetch(`${cache.getObservabilityServer().url}/api/l1`, login);
    assert.equal((await answer.json()).size, 1);
    await cache.closeObservability();
    return cache;
  });
  assert.equal(await survivors(refs), 0);
});

test('a cache whose server runs stays, and is found by its page', async () => {
  const urls = [];
  const refs = await weakly(async () => {
    const cache = new LazyLayersCache({ name: 'served', observability: { ...observability, server: { port: 0 } } });
    await cache.set('k', urls.length);
    urls.push(cache.getObservabilityServer().url);
    return cache;
  });
  assert.equal(await survivors(refs), COUNT);
  for (const [at, url] of urls.entries()) {
    assert.equal((await (await fetch(`${url}/api/l1`, login)).json()).keys[0].value, at);
  }
  for (const ref of refs) await ref.deref().close();
  assert.equal(await survivors(refs), 0);
});

test('a server ends with the module registry that its cache was made in', async () => {
  const path = fileURLToPath(new URL('fixtures/dropped-realm.cjs', import.meta.url));
  const { stdout, stderr, code } = await runFixture(path, [], { flags: ['--expose-gc'] });
  assert.equal(stdout, 'ended\n', stderr);
  assert.equal(code, 0);
});

test('handlers of plain parts are collected', async () => {
  const refs = await weakly(async () => {
    const handler = createObservabilityHandler(parts());
    await ask(handler, '/dash/api/overview');
    const stream = await ask(handler, '/dash/stream');
    stream.close();
    return handler;
  });
  assert.equal(await survivors(refs), 0);
});
