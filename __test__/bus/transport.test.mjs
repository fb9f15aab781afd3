// Transports of users: the definitions that `defineTransport` refuses, and the powers of its buses from the driver.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { LazyLayersCache, defineTransport } from '../../index.mjs';
import { deferred, turns, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MemoryBroker } from '../support/memory-broker.mjs';
import { runFixture } from '../support/run-node.mjs';

const QUIET = { logging: { enabled: false } };
const session = () => ({ publish() {}, close() {} });
const deleteOf = (id) => ({ id, type: 'del', source: 'peer', ts: 1, keys: [id] });

/** @param {any} definition */
const defined = (definition) => defineTransport({ name: 'test', connect: session, ...definition });

/** A bus that is connected and has a handler, with the ids of the events that it got. */
async function listening(t, broker) {
  const bus = new broker.Bus(QUIET);
  t.after(() => bus.disconnect());
  const heard = [];
  await bus.connect();
  await bus.subscribe(({ id }) => void heard.push(id));
  return { bus, heard };
}

function cacheOn(t, broker, source, options = {}) {
  const bus = new broker.Bus(QUIET);
  const cache = new LazyLayersCache({ eventBus: bus, source, ...options, ...QUIET });
  t.after(async () => {
    await cache.close();
    await bus.disconnect();
  });
  return { bus, cache, seen: record(cache) };
}

const isListening = (bus) => until(async () => (await bus.healthCheck()).subscribed, 'it listens');

const REFUSED = {
  'no transport': [undefined, /transport must be an object, got undefined/],
  'no name': [{ connect: session }, /option "name" must be a string/],
  'an empty name': [{ name: '', connect: session }, /option "name" must be a string that is not empty/],
  'the name of a builtin bus': [{ name: 'redis', connect: session }, /option "name" must be .* none of redis/],
  'a name that is too long': [{ name: 'x'.repeat(65), connect: session }, /option "name" must be at most 64 char/],
  'no connect': [{ name: 'a' }, /option "connect" must be a function that returns a session, got undefined/],
  'a limit of none': [{ name: 'a', connect: session, maxEventBytes: 0 }, /option "maxEventBytes" must be an integer/],
  'publish beside connect': [
    { name: 'a', connect: session, publish() {} },
    /option "publish" must be left out: a tran/,
  ],
};

for (const [what, [definition, message]] of Object.entries(REFUSED)) {
  test(`a transport is refused: ${what}`, () => {
    assert.throws(() => defineTransport(/** @type {any} */ (definition)), message);
  });
}

test('a bus is refused options that are none', () => {
  const Bus = defined({});
  assert.throws(() => new Bus(/** @type {any} */ (1)), /options/);
  assert.throws(() => new Bus(/** @type {any} */ ({ connectTimeoutMs: 0 })), /"connectTimeoutMs" must be an integer/);
  assert.throws(() => new Bus(/** @type {any} */ ({ handlerConcurrency: 0 })), /"handlerConcurrency" must be an int/);
});

const SESSIONS = {
  'connect that returns nothing': [() => undefined, /must resolve with a session .* publish, close/],
  'a session that cannot be closed': [() => ({ publish() {} }), /not a function: close/],
  'connect that throws': [
    () => {
      throw new Error('no way');
    },
    /no way/,
  ],
  'subscribe that is none': [() => ({ ...session(), subscribe: true }), /not a function: subscribe/],
};

for (const [what, [connect, message]] of Object.entries(SESSIONS)) {
  test(`a bus tells what is wrong: ${what}`, async (t) => {
    const bus = new (defined({ connect }))(QUIET);
    t.after(() => bus.disconnect());
    await assert.rejects(bus.connect(), message);
    const { ok, error, transport } = await bus.healthCheck();
    assert.deepEqual([ok, transport], [false, 'test']);
    assert.match(String(error), message);
  });
}

test('connect gets the options of the bus, in the context in which the bus was made', async (t) => {
  const local = new AsyncLocalStorage();
  const given = [];
  const connect = ({ options }) => {
    given.push([options.place, local.getStore()]);
    return session();
  };
  const bus = local.run('made', () => new (defined({ connect }))({ place: 'here', ...QUIET }));
  t.after(() => bus.disconnect());
  await bus.connect();
  assert.deepEqual(given, [['here', 'made']]);
});

test('connect is called as a method of the transport', async (t) => {
  class Counting {
    #sessions = 0;

    get name() {
      return 'counting';
    }

    connect() {
      this.#sessions++;
      return session();
    }

    get sessions() {
      return this.#sessions;
    }
  }
  const transport = new Counting();
  const bus = new (defineTransport(transport))(QUIET);
  t.after(() => bus.disconnect());
  await bus.connect();
  assert.equal(transport.sessions, 1);
});

test('events sent while the broker is away arrive in order, and once', async (t) => {
  const broker = new MemoryBroker();
  const [{ bus }, { bus: other, heard }] = [await listening(t, broker), await listening(t, broker)];
  broker.isAway = true;
  for (const id of ['1', '2', '3']) await assert.rejects(bus.publish(deleteOf(id)), /away/);
  assert.equal((await bus.healthCheck()).queued, 3);
  broker.isAway = false;
  await until(() => heard.length === 3, 'all arrive');
  await bus.publish(deleteOf('4'));
  await until(() => heard.length === 4, 'and what comes after');
  assert.deepEqual(heard, ['1', '2', '3', '4']);
  assert.equal((await other.healthCheck()).connects, 1, 'who only listens is not disturbed');
});

test('a message that is lost is a gap at the next one, and empties L1', async (t) => {
  const broker = new MemoryBroker();
  const [one, other] = [cacheOn(t, broker, 'one'), cacheOn(t, broker, 'other')];
  await Promise.all([one.bus, other.bus].map(isListening));
  await one.cache.delete('first');
  await until(() => other.seen.of('invalidation:received').length === 1, 'the first arrives');
  await other.cache.set('kept', 1);
  const { sessions } = broker;
  broker.sessions = new Set();
  await one.cache.delete('lost');
  broker.sessions = sessions;
  assert.equal(await other.cache.get('kept'), 1);
  await one.cache.delete('next');
  await until(() => other.seen.of('bus:gap').length === 1, 'the gap is told');
  assert.deepEqual([other.seen.of('bus:gap')[0].reason, other.seen.of('bus:gap')[0].missed], ['sequence', 1]);
  assert.equal(await other.cache.get('kept'), undefined);
});

test('a session that is lost is closed, its signal aborted, and another one is opened', async (t) => {
  const broker = new MemoryBroker();
  const { cache, bus, seen } = cacheOn(t, broker, 'one');
  await isListening(bus);
  await cache.set('kept', 1);
  const [first] = broker.sessions;
  first.onLost(new Error('it broke'));
  await until(() => broker.opened === 2, 'another one is opened');
  assert.ok(first.signal.aborted && !broker.sessions.has(first));
  await until(() => seen.of('bus:gap').length === 1, 'something may have been missed');
  assert.equal(await cache.get('kept'), undefined);
  const states = seen.of('bus:status').map(({ transport, status }) => `${transport} ${status}`);
  assert.deepEqual(states, ['memory connected', 'memory disconnected', 'memory connected']);
  first.onLost();
  first.onMessage(new Uint8Array(3));
  await turns();
  assert.equal(broker.opened, 2, 'what a closed session tells is ignored');
});

test('connecting that takes too long is given up, and a session that comes later is closed', async (t) => {
  const [held, closed] = [deferred(), deferred()];
  const signals = [];
  const connect = ({ signal }) => {
    signals.push(signal);
    return signals.length > 1 ? session() : held.promise;
  };
  const bus = new (defined({ connect, connectTimeoutMs: 50 }))(QUIET);
  t.after(() => bus.disconnect());
  await assert.rejects(bus.connect(), /no answer within 50 ms \(connectTimeoutMs\)/);
  await until(() => signals[0].aborted, 'the signal is aborted');
  held.resolve({ publish() {}, close: closed.resolve });
  await closed.promise;
  await until(async () => (await bus.healthCheck()).ok, 'it is tried again');
});

test('events are sent one at a time, and one that the broker refuses is given up alone', async (t) => {
  const sent = [];
  let running = 0;
  const publish = async (bytes) => {
    assert.equal(running, 0, 'the one before has been sent');
    running += 1;
    await turns(2);
    running -= 1;
    if (bytes.includes('refused')) throw Object.assign(new Error('not that one'), { code: 'EVENT_REFUSED' });
    sent.push(/id.([a-z]+)/.exec(bytes.toString('latin1'))?.[1]);
  };
  const bus = new (defined({ connect: () => ({ publish, close() {} }) }))(QUIET);
  t.after(() => bus.disconnect());
  await bus.connect();
  const all = ['first', 'refused', 'last'].map((id) => bus.publish(deleteOf(id)));
  const outcomes = await Promise.allSettled(all);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.match(String(outcomes[1].reason), /not that one/);
  const { dropped, queued, connects } = await bus.healthCheck();
  assert.deepEqual([dropped, queued, connects], [1, 0, 1]);
  assert.deepEqual(sent.filter(Boolean), ['first', 'last']);
});

test('an event larger than maxEventBytes is refused, and such values are not sent', async (t) => {
  const broker = new MemoryBroker({ maxEventBytes: 1000 });
  const [one, other] = [cacheOn(t, broker, 'one'), cacheOn(t, broker, 'other')];
  await Promise.all([one.bus, other.bus].map(isListening));
  // A receiver that is to notice a gap has to know the sender.
  await one.cache.delete('known');
  await until(() => other.seen.of('invalidation:received').length === 1, 'the first arrives');
  const large = Array.from({ length: 500 }, () => Math.random()).join();
  await one.cache.getOrSet('large', () => large);
  assert.equal(one.seen.of('set:broadcast-skipped')[0].maxBytes, 1000);
  await assert.rejects(one.bus.publish(deleteOf(large)), /too large for the transport: .* more than 1000/);
  await one.cache.delete('small');
  await until(() => other.seen.of('bus:gap').length === 1, 'the others notice the one that was refused');
  assert.equal((await one.bus.healthCheck()).connects, 1);
});

test('a publish that never ends costs the session, not the event', async (t) => {
  const broker = new MemoryBroker();
  const { bus, heard } = await listening(t, broker);
  const connect = broker.connect.bind(broker);
  let hangs = true;
  broker.connect = (connection) => {
    const opened = connect(connection);
    const publish = (bytes) => (hangs ? new Promise(() => {}) : opened.publish(bytes));
    return { ...opened, publish };
  };
  const { bus: sender } = await listening(t, broker);
  await assert.rejects(sender.publish(deleteOf('1')), /did not take an event within/);
  hangs = false;
  await until(() => heard.length === 1, 'it arrives by the next session');
  assert.deepEqual(heard, ['1']);
  assert.equal((await bus.healthCheck()).connects, 1);
});

test('a thread that is busy for seconds keeps its session', async (t) => {
  const broker = new MemoryBroker();
  const [one, other] = [cacheOn(t, broker, 'one'), cacheOn(t, broker, 'other')];
  await Promise.all([one.bus, other.bus].map(isListening));
  await until(() => broker.sent.length >= 2, 'heartbeats are sent');
  const deleted = one.cache.delete('k');
  const end = Date.now() + 3000;
  while (Date.now() < end);
  await deleted;
  await until(() => other.seen.of('invalidation:received').length === 1, 'the delete arrives');
  const before = broker.sent.length;
  await until(() => broker.sent.length > before + 2, 'heartbeats go on');
  const health = await Promise.all([one.bus, other.bus].map((bus) => bus.healthCheck()));
  assert.deepEqual(
    health.map(({ ok, connects }) => [ok, connects]),
    [
      [true, 1],
      [true, 1],
    ],
  );
  assert.equal(other.seen.of('bus:gap').length, 0);
});

test('a session that hears nothing any more is replaced: its own heartbeats do not come back', async (t) => {
  const broker = new MemoryBroker();
  const { bus } = cacheOn(t, broker, 'one');
  await isListening(bus);
  await until(() => broker.sent.length > 0, 'a heartbeat has come back');
  const [deaf] = broker.sessions;
  deaf.onMessage = () => {};
  await until(() => broker.opened === 2, 'another session is opened');
});

test('a message that is no bytes is refused where it is handed in', async (t) => {
  const broker = new MemoryBroker();
  await listening(t, broker);
  const [{ onMessage }] = broker.sessions;
  assert.throws(() => onMessage(/** @type {any} */ ('text')), /given to onMessage must be a Uint8Array, got "text"/);
});

test('bytes that are no events are counted, and disturb nothing', async (t) => {
  const broker = new MemoryBroker();
  const { bus, heard } = await listening(t, broker);
  const [{ onMessage }] = broker.sessions;
  for (const bytes of [new Uint8Array(), Buffer.from('HC1M'), Buffer.alloc(100, 255)]) onMessage(bytes);
  await bus.publish(deleteOf('1'));
  await until(() => heard.length === 1, 'events arrive');
  assert.equal((await bus.healthCheck()).unreadable, 3);
});

test('a bus that is idle, or whose sessions never open, keeps no process and no worker alive', async () => {
  const { stdout, code } = await runFixture('idle-transports.mjs');
  assert.deepEqual([stdout.trim(), code], ['over 0', 0]);
});
