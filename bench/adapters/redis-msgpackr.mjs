/**
 * The floor of the rows with Redis: `ioredis` as 0.4.0 drives it. Values are packed by `msgpackr`, gzipped and inflated
 * on the JavaScript thread, and read with `getBuffer`.
 */
import Redis from 'ioredis';
import { open, seal } from '../harness/payloads.mjs';

const TTL_MS = 3_600_000;
const PREFIX = 'floor:';

const variant =
  (options) =>
  ({ redisPort }) => {
    const redis = new Redis({ port: redisPort, ...options });
    return {
      async get(key) {
        const payload = await redis.getBuffer(PREFIX + key);
        return payload === null ? undefined : open(payload);
      },
      async getMany(keys) {
        const payloads = await redis.mgetBuffer(keys.map((key) => PREFIX + key));
        return payloads.map((payload) => (payload === null ? undefined : open(payload)));
      },
      async set(key, value) {
        const name = PREFIX + key;
        await redis.pipeline().set(name, seal(value), 'PX', TTL_MS).zadd(`${PREFIX}__index`, Date.now(), name).exec();
      },
      close: () => redis.disconnect(),
    };
  };

export const variants = {
  'ioredis-msgpackr': variant({}),
  'ioredis-autopipelining': variant({ enableAutoPipelining: true }),
};
