// The ways to give a store its Redis.
import Redis from 'ioredis';
import Redis5 from 'ioredis-5';
import * as node6 from 'redis';
import * as node5 from 'redis-5';

/** Both lines of node-redis, by name. */
export const LINES = { 'node-redis 6': node6, 'node-redis 5': node5 };

/** A client that hides its kind, so that it has to be driven through its methods. */
export function standIn(client) {
  return new Proxy(client, {
    get(target, name) {
      if (name === 'connector' || name === 'startupNodes') return undefined;
      const member = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

const closing = (t, client) => {
  client.on('error', () => {});
  t.after(() => client.disconnect());
  return client;
};

/** Something of node-redis that is open until the test ends. */
export function opened(t, client) {
  client.on('error', () => {});
  client.connect().catch(() => {});
  t.after(() => client.destroy());
  return client;
}

/** A login that only a client of node-redis itself can use, so that it has to be driven. */
export const ownLogin = () => ({
  credentialsProvider: { type: 'async-credentials-provider', credentials: async () => ({}) },
});

const nodeRedis = (line, more) => (t, port) =>
  opened(t, LINES[line].createClient({ ...more?.(), socket: { host: '127.0.0.1', port } }));

/** By name: the first argument of the store for a server. */
export const KINDS = {
  'a client of ioredis 6': (t, port) => closing(t, new Redis(port, '127.0.0.1')),
  'a client of ioredis 5': (t, port) => closing(t, new Redis5(port, '127.0.0.1')),
  'a client of node-redis 6': nodeRedis('node-redis 6'),
  'a client of node-redis 5': nodeRedis('node-redis 5'),
  'a client of node-redis 6 that is driven': nodeRedis('node-redis 6', ownLogin),
  'a client of node-redis 5 that is driven': nodeRedis('node-redis 5', ownLogin),
  'a URL': (_t, port) => `redis://127.0.0.1:${port}/0`,
  options: (_t, port) => ({ host: '127.0.0.1', port }),
  'options of node-redis': (_t, port) => ({ socket: { host: '127.0.0.1', port } }),
  'a stand-in': (t, port) => standIn(closing(t, new Redis(port, '127.0.0.1'))),
};
