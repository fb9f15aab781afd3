import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { LazyLayersCache } from '../index.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';

/** The own properties of a context that was looked at as a whole. */
const NAMES = ['signal', 'key', 'stale', 'tags', 'skip', 'fail', 'notModified', 'setOptions'];

/** The context of a loader that is led in front, that is told of, and that waits for a second layer. */
const contexts = {
  'of a cache': () => new LazyLayersCache(),
  'of a cache that is watched': () => {
    const cache = new LazyLayersCache();
    record(cache);
    return cache;
  },
  'of a cache with a second layer': () => new LazyLayersCache({ l2: new MapStore() }),
};

for (const [name, make] of Object.entries(contexts)) {
  /** The members that `look` finds in the context of a loader. */
  const see = async (look) => {
    let seen;
    await make().getOrSet('k', (context) => {
      seen = look(context);
    });
    return seen;
  };

  test(`console.log shows its members, and changes none, ${name}`, async () => {
    const shown = await see((context) => {
      const first = inspect(context);
      context.setOptions({ ttlMs: 1000 });
      return [first, inspect({ context: [[context]] }), Object.keys(context).length];
    });
    for (const member of NAMES) assert.match(shown[0], new RegExp(`LoaderContext \\{[^]*${member}: `));
    assert.match(shown[0], /key: 'k'/);
    assert.match(shown[1], /\[LoaderContext\]/);
    assert.equal(shown[2], NAMES.length);
  });

  test(`console.log of a context that was stored ends, ${name}`, async () => {
    const cache = make();
    let context;
    await cache.getOrSet('k', (given) => (context = given));
    for (const depth of [2, Infinity, null]) {
      const text = inspect(context, { depth });
      assert.ok(text.length < 100_000, `${text.length} characters with the depth ${depth}`);
    }
  });

  test(`the signal is a property of the context's own, ${name}`, async () => {
    assert.deepEqual(await see((context) => Object.keys(context)), NAMES);
    assert.equal(await see((context) => Object.hasOwn(context, 'signal')), true);
    assert.equal(await see((context) => 'signal' in context), true);
    assert.equal(await see((context) => Object.getOwnPropertyDescriptor(context, 'signal').enumerable), true);
    assert.ok((await see((context) => ({ ...context }))).signal instanceof AbortSignal);
    assert.ok((await see((context) => Object.assign({}, context))).signal instanceof AbortSignal);
    assert.ok((await see(({ ...rest }) => rest)).signal instanceof AbortSignal);
    assert.ok((await see((context) => new Proxy(context, {}).signal)) instanceof AbortSignal);
    assert.ok((await see((context) => Object.create(context).signal)) instanceof AbortSignal);
    assert.equal(await see((context) => context.signal === { ...context }.signal), true);
  });

  test(`a loader may do with its context as it likes, ${name}`, async () => {
    const { own, signal } = await see((context) => {
      context.own = 1;
      return Object.freeze(context);
    });
    assert.equal(own, 1);
    assert.equal(signal.aborted, false);
  });
}

test('the signal of a copy aborts with the load', async () => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 5 } });
  let copy;
  const loading = cache.getOrSet('k', (context) => {
    copy = { ...context };
    return new Promise(() => {});
  });
  await assert.rejects(loading, { code: 'LOADER_HARD_TIMEOUT' });
  assert.equal(copy.signal.aborted, true);
  assert.equal(copy.signal.reason.code, 'LOADER_HARD_TIMEOUT');
});
