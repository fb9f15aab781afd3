// The use of `ioredis` and `msgpackr` by 0.4.0, as the other side of the tests: commands and names as
// its users see them in Redis.
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack, unpack } from 'msgpackr-1';

const SENTINEL = '__hybridcache_null__';
const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";

/** The value of a payload. */
export function opened(payload) {
  const body = payload.subarray(4);
  const value = unpack(payload.subarray(0, 4).toString() === 'HC1G' ? gunzipSync(body) : body);
  return value === SENTINEL ? null : value;
}

export class PublishedLayout {
  constructor(redis, prefix, indexKey = `${prefix}__index`) {
    Object.assign(this, { redis, prefix, indexKey });
  }

  async set(key, value, ttlMs) {
    const packed = pack(value ?? SENTINEL);
    const gzipped = packed.length >= 65_536 ? gzipSync(packed) : packed;
    const small = gzipped.length <= packed.length * 0.85;
    const payload = Buffer.concat([Buffer.from(small ? 'HC1G' : 'HC1M'), small ? gzipped : packed]);
    const name = this.prefix + key;
    await this.redis.pipeline().set(name, payload, 'PX', ttlMs).zadd(this.indexKey, Date.now(), name).exec();
  }

  async get(key) {
    const payload = await this.redis.getBuffer(this.prefix + key);
    return payload === null ? undefined : opened(payload);
  }

  async delete(key) {
    await this.redis
      .pipeline()
      .unlink(this.prefix + key)
      .zrem(this.indexKey, this.prefix + key)
      .exec();
  }

  async keys() {
    return (await this.redis.zrange(this.indexKey, 0, -1)).map((name) => name.slice(this.prefix.length));
  }

  async acquireLock(key, token, ttlMs) {
    return (await this.redis.set(`${this.prefix}__lock:${key}`, token, 'PX', ttlMs, 'NX')) === 'OK';
  }

  async releaseLock(key, token) {
    return (await this.redis.eval(RELEASE, 1, `${this.prefix}__lock:${key}`, token)) === 1;
  }
}
