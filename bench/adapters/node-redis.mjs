import { RESP_TYPES, createClient } from '@redis/client';
import { open, seal } from '../harness/payloads.mjs';

const TTL_MS = 3_600_000;
const PREFIX = 'node-redis:';

async function create({ redisPort }) {
  const client = createClient({ url: `redis://127.0.0.1:${redisPort}` });
  client.on('error', () => {});
  await client.connect();
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  return {
    async get(key) {
      const payload = await bytes.get(PREFIX + key);
      return payload === null ? undefined : open(payload);
    },
    async set(key, value) {
      const name = PREFIX + key;
      await Promise.all([
        client.set(name, seal(value), { PX: TTL_MS }),
        client.zAdd(`${PREFIX}__index`, { score: Date.now(), value: name }),
      ]);
    },
    close: () => client.close(),
  };
}

/** Its own client-side cache of answers of Redis. */
async function cached({ redisPort, capacity }) {
  const url = `redis://127.0.0.1:${redisPort}`;
  const client = createClient({ url, RESP: 3, clientSideCache: { ttl: TTL_MS, maxEntries: capacity } });
  const other = createClient({ url });
  for (const each of [client, other]) {
    each.on('error', () => {});
    await each.connect();
  }
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const write = (on, key, value) => on.set(PREFIX + key, seal(value), { PX: TTL_MS });
  return {
    async get(key) {
      const payload = await bytes.get(PREFIX + key);
      return payload === null ? undefined : open(payload);
    },
    set: (key, value) => write(client, key, value),
    writeElsewhere: (key, value) => write(other, key, value),
    close: async () => {
      await other.close();
      await client.close();
    },
  };
}

export const variants = { 'node-redis-msgpackr': create, 'node-redis-cached': cached };
