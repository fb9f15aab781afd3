// A process that was frozen serves nothing from before until it has heard the messages of that time.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LazyLayersCache } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const QUIET = { logging: { enabled: false } };
const ROUNDS = 3;
const FROZEN_MS = 2500;
/** So many hits of a turn may be answered before anybody looks at the clock (docs/decisions/time.md). */
const UNLOOKED = 512;
const KEYS = Array.from({ length: 200 }, (_, at) => `k${at}`);

const servers = sharedServers();
after(() => servers.end());

/** A process that reads, and a cache here that deletes. */
async function pair(t, transport, keys = KEYS) {
  const { url } = await servers.of(transport);
  const channel = freshName('freeze');
  const bus = TRANSPORTS[transport].bus(url, channel, { ...QUIET, instance: 'deleter' });
  const cache = new LazyLayersCache({ eventBus: bus, source: 'deleter', ...QUIET });
  await bus.connect();
  await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
  const child = fork(new URL('frozen.mjs', import.meta.url), [transport, url, channel, 'frozen', keys.join()]);
  t.after(async () => {
    child.kill('SIGKILL');
    await cache.close();
    await bus.disconnect();
  });
  const ask = async (action) => {
    child.send(action);
    return (await once(child, 'message'))[0];
  };
  await once(child, 'message');
  return { cache, child, ask };
}

for (const transport of Object.keys(TRANSPORTS)) {
  test(`${transport}: frozen while others invalidate`, async (t) => {
    const { cache, child, ask } = await pair(t, transport);
    const founds = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await ask('fill');
      await ask('watch');
      await sleep(300);
      child.kill('SIGSTOP');
      await sleep(FROZEN_MS);
      // Other messages are to be heard first.
      await Promise.all(Array.from({ length: 2000 }, (_, at) => cache.delete(`other${at}`)));
      await Promise.all(KEYS.map((key) => cache.delete(key)));
      const found = once(child, 'message');
      child.kill('SIGCONT');
      founds.push((await found)[0].found);
    }
    const worst = (name) => Math.max(...founds.map((found) => found[name]));
    t.diagnostic(`${worst('oldAtOnce')} old values at once; a read waited ${worst('waitedMs').toFixed(1)} ms`);
    assert.ok(founds.every(({ reads, hitsBefore }) => reads > KEYS.length && hitsBefore >= KEYS.length));
    // Frozen between two hits of a turn, it may answer the next ones before anybody has looked at the clock.
    assert.ok(worst('oldAtOnce') <= UNLOOKED && worst('oldLater') === 0, JSON.stringify(founds));
  });
}

test('jetstream: frozen while an event is being handled, it keeps its session and what it holds', async (t) => {
  const { cache, child, ask } = await pair(t, 'jetstream', ['kept', 'gone']);
  await ask('hold');
  const held = once(child, 'message');
  await cache.delete('held');
  await held;
  await ask('fill');
  child.kill('SIGSTOP');
  await sleep(FROZEN_MS);
  await cache.delete('gone');
  child.kill('SIGCONT');
  // Longer than a mark may be under way.
  await sleep(6000);
  assert.deepEqual(await ask('state'), { connects: 1, hits: 1 });
});
