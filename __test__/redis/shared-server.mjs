// One server for all tests of a file, and stores on it that do not meet.
import { after } from 'node:test';
import { RedisStore } from '../../index.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { KINDS } from './kinds.mjs';

/** The machine may be busy: no operation of these stores is to fail for that. */
const PATIENT = { commandTimeoutMs: 30_000, connectTimeoutMs: 30_000 };

let prefixes = 0;
/** A prefix that no other test of the file has. */
export const nextPrefix = () => `p${(prefixes += 1)}:`;

/** A server with a client of `ioredis` on it, both ended after the tests of the file. */
export async function sharedServer() {
  const server = await redisServer();
  const redis = server.client();
  after(async () => {
    redis.disconnect();
    await server.kill();
  });

  /** A store under a prefix of its own, unless the options name one. */
  const storeOf = (t, kind, options = {}, Store = RedisStore) => {
    const prefix = options.prefix ?? nextPrefix();
    return Object.assign(new Store(KINDS[kind](t, server.port), { ...PATIENT, ...options, prefix }), { prefix });
  };
  return { server, redis, storeOf };
}
