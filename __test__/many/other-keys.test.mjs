// Loaders of several keys whose answers have values by other keys than those that they were asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';

/** The warnings while something is done with a cache. */
async function warnedBy(t, act) {
  const warn = t.mock.method(console, 'warn', () => {});
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  await act(cache);
  await cache.close();
  warn.mock.restore();
  return warn.mock.calls.map(({ arguments: [, line] }) => line);
}

const allowed = 'a Map or an object must have the values by the keys';
const line = (asked, other) =>
  `loadMany was asked for ${asked} and has answered with other keys alone, such as ${other}: ${allowed}`;

test('an answer with other keys alone is told once', async (t) => {
  const lines = await warnedBy(t, async (cache) => {
    for (let call = 0; call < 2; call++) {
      assert.equal((await cache.getMany(['user:1', 'user:2'], () => new Map([['1', 'Ada']]))).size, 0);
    }
  });
  assert.deepEqual(lines, [line('"user:1"', '"1"')]);
});

test('so is that of a function that reads through the cache, and of a namespace', async (t) => {
  const ofFunctions = await warnedBy(t, async (cache) => {
    const user = cache.wrap((id) => id, { key: (id) => `user:${id}`, loadMany: () => ({ 1: 'Ada' }) });
    assert.equal(await user(1), undefined);
  });
  assert.deepEqual(ofFunctions, [line('"user:1"', '"1"')]);
  const ofNamespaces = await warnedBy(t, (cache) =>
    cache.namespace('user').getMany([1], () => new Map([['user:1', 'Ada']])),
  );
  assert.deepEqual(ofNamespaces, [line('1', '"user:1"')]);
});

test('answers that have a value, or none at all, are not told', async (t) => {
  const lines = await warnedBy(t, async (cache) => {
    await cache.getMany(
      ['a', 'b'],
      () =>
        new Map([
          ['a', 1],
          ['c', 2],
        ]),
    );
    await cache.getMany(['c', 'd'], () => ({}));
    await cache.getMany(['e', 'f'], () => [undefined, undefined]);
    await cache.getMany(['g'], () => new Map([['g', undefined]]));
  });
  assert.deepEqual(lines, []);
});

test('an answer whose own code fails is taken as without warnings', async (t) => {
  class Rows extends Map {
    keys() {
      throw new Error('they are listed');
    }
  }
  const ownKeys = () => assert.fail('they are listed');
  const answers = [
    new Rows([['b', 1]]),
    new Proxy({}, { ownKeys }),
    new Map([[Object.assign(() => 1, { toString: 1 }), 2]]),
  ];
  const lines = await warnedBy(t, async (cache) => {
    for (const answer of answers) assert.equal((await cache.getMany(['a'], () => answer)).size, 0);
  });
  assert.deepEqual(lines, []);
});

test('where nothing is told, answers are not listed', async (t) => {
  const cache = new LazyLayersCache({ logging: { env: 'production' } });
  t.after(() => cache.close());
  const answer = new Proxy({}, { ownKeys: () => assert.fail('they are listed') });
  assert.equal((await cache.getMany(['a'], () => answer)).size, 0);
});
