// A thread that is busy while events arrive: memory stays bounded, and nothing stale is served afterwards.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeInvalidationEvent, RedisEventBus } from '../../index.mjs';
import { sharedServer } from '../redis/shared-server.mjs';
import { until } from '../support/deferred.mjs';
import { freshName } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
const { server, redis } = await sharedServer();

/** A process that listens in one way, and blocks its thread when it is told to. */
async function listener(t, how, channel) {
  const child = fork(new URL('busy-listener.mjs', import.meta.url), [server.url, channel, how], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.after(() => child.kill());
  await once(child, 'message');
  const ask = async (question) => {
    child.send(question);
    const [answer] = await once(child, 'message');
    return answer;
  };
  return { child, ask };
}

const VALUE = 'x'.repeat(40_000);
const COUNT = 8000;

/** A file that is not there yet; a thread that is blocked goes on when it is. */
function flagOf(t) {
  const folder = mkdtempSync(join(tmpdir(), 'busy-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'done');
}

/** Publishes events in steps, as the server ends a connection with too much on its way. */
async function publishAll(channel, count, event) {
  for (let at = 0; at < count; at += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, step) => redis.publish(channel, encodeInvalidationEvent(event(at + step)))),
    );
  }
}

for (const how of ['events', 'handler', 'own layer']) {
  test(`values of ${COUNT * 0.04} MB that arrive while the thread is busy do not pile up: ${how}`, async (t) => {
    const channel = freshName('busy');
    const { child, ask } = await listener(t, how, channel);
    const idle = await ask({ do: 'rss' });
    const flag = flagOf(t);
    child.send({ do: 'block', flag });
    const event = (at) => ({
      id: `id${at}`,
      type: 'set',
      source: 'peer',
      ts: Date.now(),
      generation: 0,
      keys: [`k${at}`],
      value: `${at}${VALUE}`,
      ttlMs: 60_000,
    });
    await publishAll(channel, COUNT, event);
    await redis.publish(
      channel,
      encodeInvalidationEvent({ id: 'last', type: 'del', source: 'peer', ts: Date.now(), keys: ['last'] }),
    );
    const answered = once(child, 'message');
    // The last event is in its memory by then.
    await sleep(500);
    writeFileSync(flag, '');
    const [busy] = await answered;
    t.diagnostic(`${how}: ${Math.round(idle.rss)} MB, then ${Math.round(busy.rss)} MB`);
    assert.ok(busy.rss - idle.rss < 150, `${how}: ${idle.rss} MB, then ${busy.rss} MB`);
    await until(async () => (await ask({ do: 'read' })).last === undefined, 'nothing stale is served', 10_000);
    const { missed } = await ask({ do: 'read' });
    if (how === 'handler') assert.ok(missed > 0, 'what was dropped is counted');
  });
}

test('of events that a handler is told of in one go none is kept in memory for those after it', async (t) => {
  const channel = freshName('burst');
  const flag = flagOf(t);
  const count = 4000;
  const child = fork(new URL('burst-listener.mjs', import.meta.url), [server.url, channel, String(count), flag]);
  t.after(() => child.kill());
  await once(child, 'message');
  const key = 'k'.repeat(2000);
  await publishAll(channel, count, (at) => ({
    id: `id${at}`,
    type: 'del',
    source: 'peer',
    ts: 1,
    keys: [`${at}${key}`],
  }));
  const told = once(child, 'message');
  // The last event is in its memory by then.
  await sleep(500);
  writeFileSync(flag, '');
  const [{ grown }] = await told;
  t.diagnostic(`${grown} bytes more`);
  assert.ok(grown < 4e6, `${grown} bytes of ${count * key.length}`);
});

test('handlers run in the async context of subscribe', async (t) => {
  const bus = new RedisEventBus(server.url, freshName('context'), QUIET);
  t.after(() => bus.disconnect());
  const storage = new AsyncLocalStorage();
  const heard = [];
  const hear =
    (name) =>
    async ({ id }) => {
      const before = storage.getStore();
      await Promise.resolve();
      heard.push([name, id, before, storage.getStore()]);
    };
  for (const name of ['a', 'b']) await storage.run(name, () => bus.subscribe(hear(name)));
  await storage.run('publisher', () => bus.publish({ id: '1', type: 'del', source: 'x', ts: 1, keys: ['k'] }));
  await until(() => heard.length === 2, 'both hear it');
  assert.deepEqual(heard.sort(), [
    ['a', '1', 'a', 'a'],
    ['b', '1', 'b', 'b'],
  ]);
});
