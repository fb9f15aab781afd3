// Logins and databases that change while a store is in use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedisEventBus, RedisStore } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { redisServer, redisWithClient } from '../support/servers/redis.mjs';

/** Has the server take another password only, and ends all connections. */
async function changePassword(client, password) {
  await client.config('SET', 'requirepass', password);
  client.options.password = password;
  await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
}

/** Ends the connections of a user whose password is another one from here on. */
async function rotate(admin, name, password) {
  await admin.call('ACL', 'SETUSER', name, 'resetpass', `>${password}`);
  await admin.client('KILL', 'USER', name, 'SKIPME', 'yes');
}

test('the password in the options of a client is read again before each connection', async (t) => {
  const { client } = await redisWithClient(t, ['--requirepass', 'first'], { password: 'first' });
  const store = new RedisStore(client);
  await store.set('k', 1);
  await changePassword(client, 'second');
  assert.equal(await store.get('k'), 1);
  await store.set('k', 2);
  assert.equal(await store.get('k'), 2);
});

test('a bus reads the password of its client again, too', async (t) => {
  const { client } = await redisWithClient(t, ['--requirepass', 'first'], { password: 'first' });
  const bus = new RedisEventBus(client, 'renewed');
  t.after(() => bus.disconnect());
  const heard = [];
  await bus.subscribe((event) => heard.push(event.keys[0]));
  await changePassword(client, 'second');
  await client.client('KILL', 'TYPE', 'pubsub');
  await until(async () => (await bus.healthCheck()).subscribed, 'it is subscribed again');
  await bus.publish({ type: 'delete', keys: ['k'], id: '1', source: 'x', ts: Date.now() });
  await until(() => heard.includes('k'), 'the event arrives');
});

test('select of a client is followed', async (t) => {
  const { client } = await redisWithClient(t);
  const store = new RedisStore(client);
  await store.set('k', 'first');
  await client.select(3);
  assert.equal(await store.get('k'), undefined);
  await store.set('k', 'third');
  assert.equal(await client.exists('cache:k'), 1);
  await client.select(0);
  assert.equal(await store.get('k'), 'first');
});

for (const [what, answer] of Object.entries({
  'a function': (password) => password,
  'an async function': async (password) => password,
  'a function that returns a user as well': async (password) => ({ username: 'cache', password }),
})) {
  test(`${what} as password is called before each connection`, async (t) => {
    const { server, client } = await redisWithClient(t);
    await client.call('ACL', 'SETUSER', 'cache', 'on', '>token1', '~*', '&*', '+@all');
    const given = { number: 1, calls: 0 };
    const options = {
      host: '127.0.0.1',
      port: server.port,
      ...(what.includes('user') ? {} : { username: 'cache' }),
      password: () => {
        given.calls += 1;
        return answer(`token${given.number}`);
      },
    };
    const store = new RedisStore(options);
    await store.set('k', 1);
    assert.equal(given.calls, 1);
    given.number = 2;
    await rotate(client, 'cache', 'token2');
    assert.equal(await store.get('k'), 1);
    assert.equal(given.calls, 2);
    const bus = new RedisEventBus(options, 'renewed');
    t.after(() => bus.disconnect());
    assert.equal((await bus.healthCheck()).ok, true);
  });
}

for (const [what, password, message] of [
  [
    'throws',
    () => {
      throw new Error('no token today');
    },
    /no token today/,
  ],
  [
    'rejects',
    async () => {
      throw new Error('no token today');
    },
    /no token today/,
  ],
  ['throws a symbol', () => Promise.reject(Symbol('no token')), /Symbol\(no token\)/],
  ['throws an object without a prototype', () => Promise.reject(Object.create(null)), /an error that cannot be shown/],
  [
    'throws an error whose message is no text',
    () => Promise.reject(Object.assign(new Error(), { message: 5 })),
    /there is no password.*5/,
  ],
  ['returns no password', () => 5, /must return a string, or \{ username, password \}/],
]) {
  test(`a function as password that ${what} is told, and called again`, async (t) => {
    const server = await redisServer(t);
    let fails = true;
    const answer = () => (fails ? password() : 'any');
    const store = new RedisStore({ host: '127.0.0.1', port: server.port, password: answer });
    await assert.rejects(store.get('k'), message);
    fails = false;
    await until(
      () =>
        store.set('k', 1).then(
          () => true,
          () => false,
        ),
      'it is connected',
    );
  });
}

test('without the answer of a function as password nothing connects, and a late answer does no harm', async (t) => {
  const server = await redisServer(t);
  const late = deferred();
  let calls = 0;
  const password = () => (calls++ === 0 ? late.promise : 'any');
  const options = { host: '127.0.0.1', port: server.port, password };
  const store = new RedisStore(options, { connectTimeoutMs: 600 });
  await assert.rejects(
    store.get('k'),
    /the function "password" did not answer within 300 ms, half of connectTimeoutMs/,
  );
  late.resolve('any');
  await until(async () => (await store.get('k').catch(() => 'down')) === undefined, 'it is connected');
});

test('nor is there one to a cluster', async (t) => {
  const server = await redisServer(t, ['--cluster-enabled', 'yes']);
  const options = { nodes: [{ host: '127.0.0.1', port: server.port }], password: () => new Promise(() => {}) };
  const store = new RedisStore(options, { connectTimeoutMs: 600 });
  await assert.rejects(store.get('k'), /the function "password" did not answer within 300 ms/);
});

test('a password that cannot be sent to Redis is no reason to connect without one', async (t) => {
  const server = await redisServer(t);
  const store = new RedisStore({ host: '127.0.0.1', port: server.port, password: () => 'a\ud800' });
  await assert.rejects(store.get('k'), /the function "password" gave no answer that can be used/);
});
