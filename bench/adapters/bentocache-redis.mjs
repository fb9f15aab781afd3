import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';

function create({ redisPort }) {
  const connection = { host: '127.0.0.1', port: redisPort };
  const cache = new BentoCache({
    default: 'redis',
    ttl: '1h',
    prefix: 'bento',
    stores: { redis: bentostore().useL2Layer(redisDriver({ connection })) },
  });
  return {
    get: (key) => cache.get({ key }),
    set: (key, value) => cache.set({ key, value }),
    setTagged: (key, value, tags) => cache.set({ key, value, tags }),
    deleteByTag: (tag) => cache.deleteByTag({ tags: [tag] }),
    getOrSet: (key, load) => cache.getOrSet({ key, factory: load }),
    delete: (key) => cache.delete({ key }),
    close: () => cache.disconnect(),
  };
}

export const variants = { 'bentocache-redis': create };
