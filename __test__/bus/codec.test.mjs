// Events as payloads, for custom buses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decodeInvalidationEvent,
  decodeInvalidationEvents,
  encodeInvalidationEvent,
} from 'lazy-layers-cache/event-bus';
import { pack } from 'msgpackr';
import { RedisEventBus } from '../../index.mjs';
import { until } from '../support/deferred.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import Redis from 'ioredis';

const EVENTS = [
  { id: '1', type: 'del', source: 'a', ts: 1, generation: 2, keys: ['k', 'l'] },
  { id: '2', type: 'pattern', source: 'a', cache: 'users', ts: 1, pattern: 'k*' },
  { id: '3', type: 'set', source: 'a', ts: 1, keys: ['k'], value: { at: new Date(5), none: null }, ttlMs: 7 },
];

for (const event of EVENTS) {
  test(`a ${event.type} comes back as it was`, () => {
    const bytes = encodeInvalidationEvent(event);
    assert.ok(Buffer.isBuffer(bytes));
    assert.equal(bytes.toString('latin1', 0, 4), 'HC1M');
    assert.deepEqual(decodeInvalidationEvent(bytes), event);
    assert.deepEqual(decodeInvalidationEvent(new Uint8Array(bytes)), event);
  });
}

test('keys that are numbers are written and read as strings', () => {
  const event = { ...EVENTS[0], keys: [7, 'k'] };
  const expected = { ...event, keys: ['7', 'k'] };
  assert.deepEqual(decodeInvalidationEvent(encodeInvalidationEvent(event)), expected);
  assert.deepEqual(decodeInvalidationEvent(Buffer.concat([Buffer.from('HC1M'), pack(event)])), expected);
  assert.deepEqual(event.keys, [7, 'k'], 'what was given stays as it is');
});

test('bytes that are no event are null', () => {
  const payload = (value) => Buffer.concat([Buffer.from('HC1M'), pack(value)]);
  const none = [
    ...[Buffer.alloc(0), Buffer.from('HC1M'), Buffer.from('HC1G123'), Buffer.from([0xc1])],
    ...[{}, { type: 'del' }, { type: 'del', keys: 'k' }, { type: 'del', keys: [{}] }, { type: 'pattern' }].map(payload),
    ...[{ type: 'set', keys: ['k'] }, { type: 'hello', keys: ['k'] }, 5, null, ['del']].map(payload),
    ...[undefined, null, 'text', 5, {}],
  ];
  for (const bytes of none) {
    assert.equal(decodeInvalidationEvent(bytes), null);
    assert.deepEqual(decodeInvalidationEvents(bytes), []);
  }
  for (const event of [undefined, null, 5]) {
    assert.throws(() => encodeInvalidationEvent(event), { code: 'INVALID_ARGUMENT' });
  }
});

test('several events in one payload', () => {
  const [, , { type, source, ts, ...own }] = EVENTS;
  const others = [{ ...own, id: '4', more: [0, pack(EVENTS[0])] }, { keys: 'k' }, { ...own, id: '5', keys: [7] }];
  const more = [3, ...others.map((other) => pack(other)), Buffer.from([0xc1]), 'text', null];
  const payload = Buffer.concat([Buffer.from('HC1M'), pack({ more, type, source, ts, ...own })]);
  const expected = [own, { ...own, id: '4' }, { ...own, id: '5', keys: ['7'] }];
  assert.deepEqual(
    decodeInvalidationEvents(payload),
    expected.map((event) => ({ type, source, ts, ...event })),
  );
  assert.deepEqual(decodeInvalidationEvent(payload), EVENTS[2]);
  const odd = Buffer.concat([Buffer.from('HC1M'), pack({ more: 'text', ...EVENTS[2] })]);
  assert.deepEqual(decodeInvalidationEvents(odd), [EVENTS[2]]);
});

test('the codec has the bytes that a bus of this package hears and sends', async (t) => {
  const { url } = await redisServer(t);
  const client = new Redis(url);
  t.after(() => client.disconnect());
  const bus = new RedisEventBus(url, 'c', { logging: { enabled: false } });
  t.after(() => bus.disconnect());
  const heard = [];
  await bus.subscribe((event) => void heard.push(event));
  await client.publish('c', encodeInvalidationEvent(EVENTS[2]));
  await until(() => heard.length === 1, 'it is heard');
  assert.deepEqual(heard, [EVENTS[2]]);
  const other = client.duplicate();
  t.after(() => other.disconnect());
  const payloads = [];
  other.on('messageBuffer', (_channel, payload) => payloads.push(payload));
  await other.subscribe('c');
  await bus.publish({ ...EVENTS[0], keys: [7] });
  await until(() => payloads.length === 1, 'it is sent');
  assert.deepEqual(decodeInvalidationEvent(payloads[0]), { ...EVENTS[0], keys: ['7'] });
});
