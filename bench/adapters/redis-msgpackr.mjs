/**
 * The floor of the rows with Redis: `ioredis` as 0.4.0 drives it. Values are packed by `msgpackr`, gzipped and inflated
 * on the JavaScript thread, and read with `getBuffer`.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import Redis from 'ioredis';
import { pack, unpack } from 'msgpackr';

const TTL_MS = 3_600_000;
const GZIP_MIN_BYTES = 65_536;
const PREFIX = 'floor:';

function seal(value) {
  const packed = pack(value);
  if (packed.length >= GZIP_MIN_BYTES) {
    const gzipped = gzipSync(packed);
    if (gzipped.length <= packed.length * 0.85) return Buffer.concat([Buffer.from('HC1G'), gzipped]);
  }
  return Buffer.concat([Buffer.from('HC1M'), packed]);
}

function open(payload) {
  const body = payload.subarray(4);
  return unpack(payload[3] === 0x47 ? gunzipSync(body) : body);
}

const variant =
  (options) =>
  ({ redisPort }) => {
    const redis = new Redis({ port: redisPort, ...options });
    return {
      async get(key) {
        const payload = await redis.getBuffer(PREFIX + key);
        return payload === null ? undefined : open(payload);
      },
      async set(key, value) {
        const name = PREFIX + key;
        await redis
          .pipeline()
          .set(name, seal(value), 'PX', TTL_MS)
          .zadd(`${PREFIX}__index`, Date.now(), name)
          .exec();
      },
      close: () => redis.disconnect(),
    };
  };

export const variants = { 'ioredis-msgpackr': variant({}), 'ioredis-autopipelining': variant({ enableAutoPipelining: true }) };
