// What decides whether a loaded value is stored, on the ways of a load that are seldom taken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { deferred, turns } from './support/deferred.mjs';

const logging = { enabled: false };

const notNull = (value) => value !== null;

for (const [way, load] of Object.entries({
  getOrSetEntry: (options) => async (cache) => (await cache.getOrSetEntry('k', () => null, options)).value,
  'getOrSet of a subclass': (options) => (cache) => cache.getOrSet('k', () => null, options),
  'a call that is drawn for an audit': (options) => (cache) => cache.getOrSet('k', () => null, options),
  'getOrSetEntry of a namespace': (options) => async (cache) =>
    (await cache.namespace('n', options).getOrSetEntry('k', () => null)).value,
})) {
  const Made = way.includes('subclass') ? class extends LazyLayersCache {} : LazyLayersCache;
  if (Made !== LazyLayersCache)
    Made.prototype.set = async function (...args) {
      return LazyLayersCache.prototype.set.apply(this, args);
    };
  const audit = way.includes('audit') ? { rate: 1 } : undefined;

  test(`shouldCache of the call decides in ${way}`, async () => {
    const cache = new Made({ logging, audit });
    let asked = 0;
    const shouldCache = (value) => {
      asked += 1;
      return notNull(value);
    };
    assert.equal(await load({ shouldCache })(cache), null);
    assert.equal(await cache.size(), 0);
    assert.equal(asked, 1);
  });

  test(`shouldCache of the cache decides in ${way}`, async () => {
    const cache = new Made({ logging, audit, shouldCache: notNull });
    assert.equal(await load(undefined)(cache), null);
    assert.equal(await cache.size(), 0);
  });
}

for (const [name, shouldCache] of [
  ['resolves', async () => false],
  ['rejects', () => Promise.reject(new Error('late'))],
  ['is none of the language', () => ({ then: (resolve, reject) => reject(new Error('late')) })],
]) {
  test(`a promise of shouldCache that ${name} is the error of the load, and nothing is stored`, async () => {
    const cache = new LazyLayersCache({ logging, shouldCache });
    await assert.rejects(
      cache.getOrSet('k', () => 1),
      { code: 'INVALID_OPTION', message: /"shouldCache" must be a function that returns true or false, got an object/ },
    );
    assert.equal(await cache.size(), 0);
    await cache.close();
  });
}

test('a subclass stores no value whose tag, named by the loader alone, was invalidated during the load', async () => {
  class Own extends LazyLayersCache {
    async set(...args) {
      return super.set(...args);
    }
  }
  const cache = new Own({ logging });
  const gate = deferred();
  const loads = ['t', 'other'].map((tag) =>
    cache.getOrSet(tag, async ({ setOptions }) => {
      setOptions({ tags: [tag] });
      await gate.promise;
      return 'old';
    }),
  );
  await turns();
  await cache.deleteByTag('t');
  gate.resolve();
  await Promise.all(loads);
  assert.deepEqual([cache.peek('t'), cache.peek('other')], [undefined, 'old']);
});
