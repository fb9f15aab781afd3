import KeyvRedis from '@keyv/redis';
import { Cacheable } from 'cacheable';
import { Keyv } from 'keyv';

/** A first layer that keeps nothing, so that every read goes to the second. */
class Nothing {
  get() {
    return undefined;
  }
  set() {}
  delete() {
    return false;
  }
  clear() {}
}

function create({ redisPort, hasTags = false }) {
  const secondary = new KeyvRedis(`redis://127.0.0.1:${redisPort}`);
  const cache = new Cacheable({ primary: new Keyv({ store: new Nothing() }), secondary, ttl: '1h', tags: hasTags });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    setTagged: (key, value, tags) => cache.set(key, value, { ttl: '1h', tags }),
    deleteByTag: (tag) => cache.tags.invalidateTag(tag),
    getOrSet: (key, load) => cache.getOrSet(key, load),
    getMany: (keys) => cache.getMany(keys),
    delete: (key) => cache.delete(key),
    close: () => cache.disconnect(),
  };
}

export const variants = { 'cacheable-redis': create };
