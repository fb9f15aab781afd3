// A loader that finds the stale value still true: other instances with the same one have it again, over each bus.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { decode } from 'msgpackr';
import { LazyLayersCache } from '../../index.mjs';
import { heldLoader, turns, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { joined } from '../support/joined.mjs';
import { jsonHub } from '../support/memory-bus.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

const logging = { enabled: false };
const failSafe = { enabled: true, staleTtlMs: 60_000 };
const options = { logging, failSafe };

async function member(t, transport, channel) {
  const { url } = await servers.of(transport);
  const bus = TRANSPORTS[transport].bus(url, channel, { logging });
  await bus.connect();
  const cache = new LazyLayersCache({ ...options, eventBus: bus });
  t.after(async () => {
    await cache.close();
    await bus.disconnect();
  });
  await until(async () => (await bus.healthCheck()).subscribed, 'the bus is subscribed', 20_000);
  return { cache, seen: record(cache) };
}

const withEtag =
  (value, etag) =>
  ({ setOptions }) => {
    setOptions({ etag });
    return value;
  };
const extend = ({ notModified }) => notModified();

for (const transport of Object.keys(TRANSPORTS)) {
  test(`${transport}: who has the same version has it again, and nobody else`, async (t) => {
    const channel = freshName('extend');
    const [one, other] = [await member(t, transport, channel), await member(t, transport, channel)];
    const { url } = await servers.of(transport);
    const raw = await TRANSPORTS[transport].raw(url, channel);
    t.after(() => raw.close());
    await joined(one.cache, other.cache);
    const sent = [];
    const received = other.seen.of('set:received').length;
    await raw.listen((payload) => sent.push(payload));

    await one.cache.getOrSet('plain', () => 'a', { tags: ['t'] });
    await one.cache.getOrSet('etag', withEtag('b', 'v1'));
    await until(() => other.seen.of('set:received').length === received + 2, 'the values arrive');
    await other.cache.set('own', 'theirs');
    await one.cache.getOrSet('own', withEtag('ours', 'v1'), { levels: { L1: { ttlMs: -1 } } });
    for (const key of ['plain', 'etag', 'own']) await one.cache.expire(key);
    await until(() => other.seen.of('delete').length === 3, 'the values expire');
    assert.equal(other.cache.peek('plain'), undefined);

    assert.equal(await one.cache.getOrSet('etag', extend), 'b');
    assert.equal(await one.cache.getOrSet('plain', extend), 'a');
    await until(() => other.seen.of('extend:received').length === 2, 'they are told');
    assert.deepEqual(
      ['plain', 'etag', 'own'].map((key) => other.cache.peek(key)),
      ['a', 'b', undefined],
    );
    await one.cache.deleteByTag('t');
    await until(() => other.cache.peek('plain') === undefined, 'its tag is still known');

    const extensions = () => sent.map((payload) => decode(payload.subarray(4))).filter((event) => event.extends);
    await until(() => extensions().length >= 2, 'the broker has them');
    const events = extensions().slice(0, 2);
    assert.deepEqual(
      events.map(({ type, keys, extends: extended }) => ({ type, keys, extended })),
      ['etag', 'plain'].map((key) => ({ type: 'del', keys: [], extended: [key] })),
      '0.4.0 finds nothing to delete',
    );
    assert.ok(events.every(({ sequence, value }) => sequence === undefined && value === undefined));
  });
}

test('on a bus of the user: extensions are plain events', async () => {
  const hub = jsonHub();
  const [one, other] = ['one', 'other'].map(
    (source) => new LazyLayersCache({ source, eventBus: hub.bus(), name: 'c', ...options }),
  );
  await joined(one, other);
  const seen = record(other);
  await one.getOrSet('a', () => 1);
  await one.expire('a');
  await one.getOrSet('a', extend);
  await until(() => other.peek('a') === 1, 'it is told');
  const { id } = hub.publishedOf('set').at(-1);
  const { ts, seen: numbers, id: own, ...event } = hub.published.at(-1);
  assert.ok(ts > 0 && own !== id && typeof numbers === 'string');
  assert.deepEqual(event, {
    type: 'del',
    source: 'one',
    cache: 'c',
    generation: 1,
    keys: [],
    extends: ['a'],
    version: `#${id}`,
    ttlMs: 3_600_000,
  });
  const [{ ttlMs, ...told }] = seen.of('extend:received');
  assert.ok(ttlMs > 3_590_000 && ttlMs <= 3_600_000);
  assert.deepEqual(told, { type: 'extend:received', key: 'a' });
});

test('without fail-safe and refreshes versions of values without etags are not noted', async () => {
  const hub = jsonHub();
  const [one, other] = ['one', 'other'].map(
    (source) =>
      new LazyLayersCache({ source, eventBus: hub.bus(), logging, ...(source === 'one' ? { failSafe } : {}) }),
  );
  await joined(one, other);
  await one.getOrSet('a', () => 1);
  await one.getOrSet('b', withEtag(2, 'v'));
  await one.expire('a');
  await one.getOrSet('a', extend);
  await turns();
  assert.equal(other.peek('a'), undefined);
  assert.equal(other.peek('b'), 2);
});

test('a value that is loaded while another instance extends the old one is not extended', async () => {
  const hub = jsonHub();
  const [one, other] = ['one', 'other'].map(
    (source) => new LazyLayersCache({ source, eventBus: hub.bus(), name: 'c', ...options }),
  );
  await joined(one, other);
  const seen = record(other);
  await one.getOrSet('a', () => 'old');
  await one.expire('a');
  const held = heldLoader();
  const loading = one.getOrSet('a', async (context) => (await held(context), context.notModified()));
  await held.called;
  await other.set('a', 'new');
  held.resolve();
  assert.equal(await loading, 'old');
  await turns();
  assert.equal(other.peek('a'), 'new');
  assert.equal(seen.of('extend:received').length, 0);
});

test('the etag of a value comes with it', async () => {
  const hub = jsonHub();
  const [one, other] = ['one', 'other'].map(
    (source) => new LazyLayersCache({ source, eventBus: hub.bus(), name: 'c', ...options }),
  );
  await joined(one, other);
  await one.getOrSet('a', withEtag(1, 'v1'));
  await other.expire('a');
  let stale;
  await other.getOrSet('a', (context) => ((stale = context.stale), context.notModified()));
  assert.deepEqual([stale.value, stale.etag], [1, 'v1']);
});
