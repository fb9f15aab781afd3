// Caches that do wrong now and then, to see that the model finds it. Each stands before a cache that does right.

const READS = ['get', 'getEntry', 'getOrSet', 'getOrSetEntry', 'peek', 'has', 'size'];
const INVALIDATIONS = ['delete', 'deleteByPattern', 'expire', 'expireByPattern', 'deleteByTag', 'expireByTag', 'clear'];
const VERBS = [...READS, 'set', ...INVALIDATIONS, 'namespace', 'on', 'disable', 'enable', 'drain', 'close'];

/** The verbs of several keys by those of one key, so that a lie shows in them too. */
const severalBy = (single) => {
  const each = async (keys, ask) => {
    const outcomes = await Promise.allSettled(keys.map(ask));
    const having = (status) => keys.map((key, at) => [key, outcomes[at]]).filter(([, each]) => each.status === status);
    const partial = new Map(having('fulfilled').map(([key, { value }]) => [key, value]));
    const failures = new Map(having('rejected').map(([key, { reason }]) => [key, reason]));
    if (failures.size > 0) throw Object.assign(new Error('some failed'), { failures, partial });
    return partial;
  };
  return {
    getMany(keys, loadMany, options) {
      if (loadMany === undefined) return each(keys, (key) => single.get(key));
      const load = (key) => async (context) => {
        const answer = await loadMany([key], context);
        const value = Array.isArray(answer) ? answer[0] : answer instanceof Map ? answer.get(key) : answer[key];
        if (value instanceof Error) throw value;
        return value;
      };
      return each(keys, (key) => single.getOrSet(key, load(key), options));
    },
    setMany: async (entries, options) =>
      void (await Promise.all(entries.map(([key, value]) => single.set(key, value, options)))),
    hasMany: (keys) => each(keys, (key) => single.has(key)),
    deleteMany: async (keys) => void (await Promise.all(keys.map((key) => single.delete(key)))),
  };
};

/** A cache with some methods replaced: `wrong(cache, run)` has them. */
const lying = (wrong) => (cache, run) => {
  const methods = Object.fromEntries(VERBS.map((verb) => [verb, cache[verb].bind(cache)]));
  const single = { ...methods, ...wrong(cache, run) };
  return { ...severalBy(single), ...single };
};

/** Reads whose answers are changed by earlier ones. */
const reading = (change) =>
  lying((cache) => {
    const seen = new Map();
    return {
      get: async (key) => change(await cache.get(key), String(key), seen),
      getOrSet: async (key, loader, options) => change(await cache.getOrSet(key, loader, options), String(key), seen),
    };
  });

/** By the sin: the liar, and the finding that tells it. */
export const LIARS = {
  'gives what was deleted or written over': {
    distort: reading((value, key, seen) => {
      if (value !== undefined && !seen.has(key)) seen.set(key, value);
      return seen.get(key) ?? value;
    }),
    finding: /is older than (?:set|delete|deleteByPattern|clear|load) #\d+, acknowledged before/,
  },
  'gives what is over': {
    distort: lying((cache) => {
      const kept = new Map();
      return {
        set: (key, value, options) => cache.set(key, value, options).then(() => void kept.set(String(key), value)),
        delete: (key) => cache.delete(key).then(() => void kept.delete(String(key))),
        deleteByPattern: (pattern) => cache.deleteByPattern(pattern).then(() => kept.clear()),
        clear: () => cache.clear().then(() => kept.clear()),
        close: (options) => cache.close(options).then(() => kept.clear()),
        get: async (key) => kept.get(String(key)) ?? cache.get(key),
      };
    }),
    finding: /was over [\d.]+ ms before the call|is older than/,
  },
  'gives the value of another key': {
    distort: reading((value, key, seen) => {
      if (value !== undefined && value !== null) seen.set(key, value);
      return value === undefined ? undefined : [...seen.values()].at(-1 - (seen.size > 1 ? 1 : 0));
    }),
    finding: /gave a value that nobody stored under the key/,
  },
  'gives copies': {
    distort: reading((value) => (value === undefined ? undefined : structuredClone(value))),
    finding: /is a copy of what was stored/,
  },
  'forgets what was set': {
    distort: lying((cache) => ({
      set: async (key, value, options) => void (await cache.set(key, value, options), await cache.delete(key)),
    })),
    finding:
      /found nothing, and value \d+ has to be there|runs its loader, and value \d+ has to be found|has not value|entries, \d+ have to be there/,
  },
  'says that it has what it has not': {
    distort: lying(() => ({ has: async () => true })),
    finding: /has what cannot be there any more/,
  },
  'says that it has nothing': {
    distort: lying(() => ({ has: async () => false })),
    finding: /has not value \d+, which has to be there/,
  },
  'counts too much': {
    distort: lying(() => ({ size: async () => 11 })),
    finding: /11 entries, at most \d+ can be there/,
  },
  'loads without regard to loads that run': {
    distort: lying((cache) => ({
      getOrSet: async (key, loader, options) =>
        (await cache.get(key)) ?? loader({ signal: new AbortController().signal }, options),
    })),
    finding: /runs a loader while the one of call #\d+ runs|value \d+,? (?:which )?has to be (?:found|there)/,
  },
  'calls loaders without a signal': {
    distort: lying((cache) => ({
      getOrSet: (key, loader, options) => cache.getOrSet(key, loader && (() => loader({})), options),
    })),
    finding: /the loader got no signal|had to be refused/,
  },
  'gives nothing without asking the loader': {
    distort: lying((cache) => ({
      getOrSet: (key, loader, options) => (key === 'a:1' ? cache.get(key) : cache.getOrSet(key, loader, options)),
    })),
    finding: /gave undefined, and no loader has lately/,
  },
  'rejects with errors of its own': {
    distort: lying(() => ({ get: () => Promise.reject(new Error('its own')) })),
    finding: /rejected with Error: its own/,
  },
  'makes new errors of those of loaders': {
    distort: lying((cache) => ({
      getOrSet: (key, loader, options) =>
        cache
          .getOrSet(key, loader, options)
          .catch((error) => Promise.reject(error.load ? new Error(error.message) : error)),
    })),
    finding: /rejected with Error: loader of call #\d+ fails/,
  },
  'never answers': {
    distort: lying((cache) => ({ get: (key) => (key === 'c' ? new Promise(() => {}) : cache.get(key)) })),
    finding: /is still open when nothing holds it up/,
  },
  'answers when it is closed': {
    distort: lying((cache) => ({ close: () => cache.clear() })),
    finding: /a closed cache answered/,
  },
};
