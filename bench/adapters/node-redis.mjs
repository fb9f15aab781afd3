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

export const variants = { 'node-redis-msgpackr': create };
