// Publishers that are not heard any more, and connections that are lost in one direction.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/deferred.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { freshName, instanceOn, sharedServers, TRANSPORTS } from './transports.mjs';

const CAP_MS = 500;
/** Within which a publisher counts as silent, and as gone. Loose, for machines are busy. */
const SILENT_MS = 20_000;
const GONE_MS = 40_000;

const servers = sharedServers();
after(() => servers.end());

/** Two caches on a channel, the first of which publishes by way of a proxy. */
async function pair(t, transport, options = {}) {
  const server = await servers.of(transport);
  const proxy = await proxyTo(t, server.port);
  const channel = freshName('silent');
  const way = server.url.replace(String(server.port), String(proxy.port));
  const a = await instanceOn(t, transport, way, channel, 'a', options);
  const b = await instanceOn(t, transport, server.url, channel, 'b', options);
  // Until the other has heard a heartbeat.
  await sleep(transport === 'rabbitmq, durable' ? 6000 : 1500);
  return { a, b, proxy };
}

const statuses = ({ seen }) => seen.of('bus:status').map(({ status }) => status);

for (const transport of Object.keys(TRANSPORTS)) {
  describe(transport, { concurrency: true }, () => {
    test('one that is cut off and invalidates counts as a bus that is down for the others', async (t) => {
      const { a, b, proxy } = await pair(t, transport, { resilience: { eventBusDownL1TtlMs: CAP_MS } });
      await b.cache.set('k', 'old');
      proxy.refuses = true;
      proxy.cut();
      await a.cache.delete('k');
      const cut = Date.now();
      await until(() => statuses(b).includes('disconnected'), 'the silence is noticed', SILENT_MS);
      await until(async () => !(await b.cache.has('k')), 'it is served no longer than the cap', SILENT_MS);
      t.diagnostic(`${Date.now() - cut} ms after the delete it is not served any more`);
      const { message } = b.seen.of('bus:status').find(({ status }) => status === 'disconnected').error;
      assert.match(message, /nothing was heard of the publisher .* for/);
      assert.ok((await b.bus.healthCheck()).ok, 'its own connection is well');
      proxy.refuses = false;
      await until(() => statuses(b).at(-1) === 'connected', 'it is heard again', SILENT_MS);
      const heard = () => b.seen.of('invalidation:received').some(({ event }) => event.keys?.includes('k'));
      await until(heard, 'what it had said arrives', SILENT_MS);
    });

    test('one that does not come back is a gap, once', async (t) => {
      const { a, b, proxy } = await pair(t, transport);
      await b.cache.set('k', 'old');
      proxy.refuses = true;
      proxy.cut();
      await a.cache.delete('k');
      assert.equal(await b.cache.get('k'), 'old', 'nobody could tell it');
      await until(() => b.seen.of('bus:gap').length > 0, 'it is given up', GONE_MS);
      assert.deepEqual(b.seen.of('bus:gap'), [{ type: 'bus:gap', reason: 'silence', missed: 0 }]);
      assert.equal(await b.cache.has('k'), false);
      assert.deepEqual(statuses(b).slice(-2), ['disconnected', 'connected']);
    });

    test('one that says goodbye is not missed', async (t) => {
      const { a, b } = await pair(t, transport);
      b.seen.clear();
      await a.cache.close();
      await a.bus.disconnect();
      await sleep(transport === 'rabbitmq, durable' ? 13_000 : 5000);
      assert.deepEqual([statuses(b), b.seen.of('bus:gap')], [[], []]);
    });
  });
}

for (const transport of ['redis', 'nats', 'jetstream']) {
  test(`${transport}: a connection that is lost outbound alone is noticed though events arrive`, async (t) => {
    const { a, b, proxy } = await pair(t, transport);
    // Messages that arrive put off the questions whether the connection lives.
    const quiet = new AbortController();
    t.after(() => quiet.abort());
    const talking = (async () => {
      while (!quiet.signal.aborted) {
        await b.cache.delete('talk');
        await sleep(100);
      }
    })();
    await b.cache.set('k', 'old');
    proxy.losesRequests = true;
    const lost = Date.now();
    // Idle, so that only heartbeats can tell.
    await until(async () => !(await a.bus.healthCheck()).ok, 'it is noticed', 12_000);
    t.diagnostic(`noticed after ${Date.now() - lost} ms`);
    await a.cache.delete('k');
    proxy.losesRequests = false;
    proxy.cut();
    await until(async () => !(await b.cache.has('k')), 'the delete arrives', SILENT_MS);
    quiet.abort();
    await talking;
  });
}

test('nats: a delete that the server has not got counts as unsent', async (t) => {
  const { a, b, proxy } = await pair(t, 'nats');
  await b.cache.set('k', 'old');
  proxy.losesRequests = true;
  await a.cache.delete('k');
  assert.equal(a.seen.of('event-bus:publish-error').length, 1);
  assert.equal((await a.bus.healthCheck()).queued, 1);
  proxy.losesRequests = false;
  proxy.cut();
  await until(async () => !(await b.cache.has('k')), 'it arrives', SILENT_MS);
});
