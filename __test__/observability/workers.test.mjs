import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LazyLayersCache, health, metrics } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { LOGIN, request, response } from './plain.mjs';

const FIXTURE = new URL('fixtures/worker.mjs', import.meta.url);
const login = { headers: { authorization: LOGIN } };

async function start(served = true) {
  const worker = new Worker(FIXTURE, { workerData: { served } });
  const [port] = await once(worker, 'message');
  return { worker, port };
}

const url = (port, path) => `http://127.0.0.1:${port}/observelazyily/${path}`;

test('a worker that ends takes its server with it, also amid questions and streams', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { worker, port } = await start();
    const stream = await fetch(url(port, 'stream'), login);
    const ask = () => fetch(url(port, 'api/l1'), login).then((answer) => answer.text());
    const asking = Promise.allSettled([stream.text(), ...Array.from({ length: 20 }, ask)]);
    await worker.terminate();
    await asking;
    await until(async () =>
      fetch(url(port, 'api/overview'), login).then(
        () => false,
        () => true,
      ),
    );
  }
});

/** The rest of a stream, which keeps no process alive until its end. */
async function rest(stream) {
  let told;
  void stream.text().then((all) => (told = all));
  await until(() => told !== undefined);
  return told;
}

const valuesOf = (keys) => keys.map(({ key, value }) => [key, value]);

test('mounted handlers and fetch doors look into the caches of other threads, and stream their events', async () => {
  const observability = { enabled: true, quiet: true, server: false };
  const cache = new LazyLayersCache({ name: 'of-main', observability });
  const { worker } = await start(false);
  const handler = cache.getObservabilityHandler();
  const get = (path) => handler.handle(new Request(`http://h/observelazyily/${path}`, login));
  const json = async (path) => {
    const answer = await get(path);
    return { status: answer.status, ...(await answer.json()) };
  };
  const { id } = (await json('api/caches')).caches.find(({ name }) => name === 'of-worker');
  const { keys } = await json(`api/l1?cache=${id}`);
  assert.deepEqual(valuesOf(keys), [['k', { served: false }]]);
  assert.equal((await json(`api/overview?cache=${id}`)).counters.sets, 1);
  assert.equal((await json(`api/latency?cache=${id}`)).status, 200);
  assert.equal((await json(`api/key?key=k&cache=${id}`)).layers.l1.held, true);
  assert.equal((await json('api/l1?cache=9-9')).status, 404);
  assert.equal((await get('stream?cache=9-9')).status, 404);

  const stream = await get(`stream?cache=${id}`);
  const reader = stream.body.getReader();
  let text = '';
  while (!text.includes('data: ')) text += Buffer.from((await reader.read()).value).toString();
  assert.match(text, /^retry: 3000\n\ndata: \{"seq":1,.*"type":"set","data":\{"key":"k"/);
  await reader.cancel();

  const asked = await new Promise((resolve) => {
    const told = response();
    const { end } = told;
    told.end = (chunk) => resolve(end(chunk));
    handler(request(`/observelazyily/api/l1?cache=${id}`), told);
  });
  assert.deepEqual(
    asked.json.keys.map(({ key }) => key),
    ['k'],
  );
  const last = await get(`stream?cache=${id}`);
  await worker.terminate();
  await until(async () => (await json(`api/l1?cache=${id}`)).status === 404);
  assert.match(await rest(last), /^retry/);
  await cache.close();
});

test('a page of one thread looks into the caches of another', async () => {
  const observability = { enabled: true, quiet: true, server: { port: 0 } };
  const cache = new LazyLayersCache({ name: 'of-main', observability });
  const written = () =>
    Number(/^lazycache_cache_writes_total\{cache="of-worker",result="set"\} (.*)$/m.exec(metrics())?.[1] ?? 0);
  const before = written();
  const { worker } = await start(false);
  const { port } = cache.getObservabilityServer();
  const get = async (path) => {
    const answer = await fetch(url(port, path), login);
    return { status: answer.status, ...(await answer.json()) };
  };
  const { caches, eventLoops } = await get('api/caches');
  const of = caches.find(({ name }) => name === 'of-worker');
  assert.equal(of.stats.sets, 1);
  assert.equal(eventLoops.length, 2);
  const { keys } = await get(`api/l1?cache=${of.id}`);
  assert.deepEqual(valuesOf(keys), [['k', { served: false }]]);
  assert.equal(written(), before + 1);

  worker.postMessage(5000);
  await once(worker, 'message');
  await until(() => health().status === 'stalled');
  const stuck = await get(`api/l1?cache=${of.id}`);
  assert.equal(stuck.status, 504);
  assert.ok(stuck.eventLoopStalledMs >= 1000);
  assert.equal((await get('api/l1')).status, 200, 'this thread is not stuck');
  assert.equal((await get(`api/overview?cache=${of.id}`)).counters.sets, 1);

  await worker.terminate();
  await until(async () => (await get(`api/l1?cache=${of.id}`)).status === 404);
  await cache.close();
});
