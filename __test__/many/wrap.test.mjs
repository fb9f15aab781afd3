// `wrap`: functions that read through the cache, and whose misses may be loaded together; `@cached` on top of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { cached, LazyLayersCache, RedisStore } from '../../index.mjs';
import { deferred, isPending, turns } from '../support/deferred.mjs';
import { redisServer } from '../support/servers/redis.mjs';

const server = await redisServer();
test.after(() => server.kill());

function cacheOf(t, options) {
  const cache = new LazyLayersCache(options);
  t.after(() => cache.close());
  return cache;
}

const KINDS = {
  'in memory': () => ({}),
  'over Redis': () => ({ l2: new RedisStore(server.url, { prefix: `${Math.random()}:` }) }),
};

for (const [kind, options] of Object.entries(KINDS)) {
  test(`${kind}: a wrapped function is called once for the same arguments`, async (t) => {
    const cache = cacheOf(t, options());
    const calls = [];
    const price = cache.wrap(
      async (item, currency) => {
        calls.push([item, currency]);
        return `${item} in ${currency}`;
      },
      { key: (item, currency) => `price:${item}:${currency}` },
    );
    assert.deepEqual(await Promise.all([price(1, 'EUR'), price(1, 'EUR'), price(2, 'EUR')]), [
      '1 in EUR',
      '1 in EUR',
      '2 in EUR',
    ]);
    assert.equal(await price(1, 'EUR'), '1 in EUR');
    assert.deepEqual(calls, [
      [1, 'EUR'],
      [2, 'EUR'],
    ]);
    assert.equal(price.key(1, 'EUR'), 'price:1:EUR');
    assert.equal(price.name, '');
    assert.equal(await cache.get('price:1:EUR'), '1 in EUR');
    await price.delete(1, 'EUR');
    assert.equal(await cache.has('price:1:EUR'), false);
    assert.equal(await cache.has('price:2:EUR'), true);
  });

  test(`${kind}: a refresh loads anew, and joins no load from before`, async (t) => {
    const cache = cacheOf(t, options());
    let version = 1;
    const held = deferred();
    const called = deferred();
    const read = cache.wrap(
      async () => {
        const seen = version;
        if (seen === 2) {
          called.resolve();
          await held.promise;
        }
        return seen;
      },
      { key: () => 'k' },
    );
    assert.equal(await read(), 1);
    assert.equal(await read.refresh(), 1);
    version = 2;
    await read.delete();
    const older = read();
    await called.promise;
    version = 3;
    assert.equal(await read.refresh(), 3);
    held.resolve();
    assert.equal(await older, 2);
    assert.equal(await read(), 3);
  });

  test(`${kind}: misses of one turn are loaded by one call`, async (t) => {
    const cache = cacheOf(t, options());
    await cache.set('user:1', 'held');
    const batches = [];
    const user = cache.wrap(() => assert.fail('called alone'), {
      key: (id) => `user:${id}`,
      loadMany: async (calls) => {
        batches.push(calls);
        return calls.map(([id]) => `user ${id}`);
      },
    });
    const asked = [1, 2, 3, 2].map((id) => user(id));
    assert.deepEqual(await Promise.all(asked), ['held', 'user 2', 'user 3', 'user 2']);
    assert.deepEqual(batches, [[[2], [3]]]);
    assert.equal(await user(4), 'user 4');
    assert.deepEqual(batches[1], [[4]]);
  });
}

test('misses of a window are loaded together, as many as a batch takes', async (t) => {
  const cache = cacheOf(t);
  const batches = [];
  const loadMany = (calls) => {
    batches.push(calls.map(([id]) => id));
    return new Map(calls.map(([id]) => [`k${id}`, id * 10]));
  };
  const key = (id) => `k${id}`;
  const read = cache.wrap(() => {}, { key, loadMany, batch: { windowMs: 500, max: 3 } });
  const first = [read(1), read(2)];
  await turns();
  assert.ok(await isPending(first[0]));
  assert.deepEqual(await Promise.all([...first, read(3), read(4)]), [10, 20, 30, 40]);
  assert.deepEqual(batches, [[1, 2, 3], [4]]);
});

test('a batch rejects each of its calls with its own error', async (t) => {
  const cache = cacheOf(t);
  const wrong = new Error('wrong');
  const read = cache.wrap(() => {}, {
    key: (id) => `k${id}`,
    loadMany: (calls) => calls.map(([id]) => (id === 2 ? wrong : id)),
  });
  const outcomes = await Promise.allSettled([read(1), read(2), read(3)]);
  assert.deepEqual(
    outcomes.map(({ value, reason }) => value ?? reason),
    [1, wrong, 3],
  );
  const short = cache.wrap(() => {}, { key: (id) => `s${id}`, loadMany: () => [] });
  await assert.rejects(short(1), { code: 'INVALID_ARGUMENT', message: /an array of 1 value in the order/ });
});

test('an invalidation of one key during a batch stores nothing for that key', async (t) => {
  const cache = cacheOf(t);
  const held = deferred();
  const called = deferred();
  const loadMany = () => {
    called.resolve();
    return held.promise;
  };
  const read = cache.wrap(() => {}, { key: (id) => `k${id}`, loadMany });
  const both = Promise.all([read(1), read(2)]);
  await called.promise;
  await read.delete(1);
  held.resolve([1, 2]);
  assert.deepEqual(await both, [1, 2]);
  assert.deepEqual([...(await cache.getMany(['k1', 'k2']))], [['k2', 2]]);
});

test('options are those of getOrSet', async (t) => {
  const cache = cacheOf(t);
  let calls = 0;
  const read = cache.wrap(() => ++calls, { key: () => 'k', ttlMs: -1 });
  assert.equal(await read(), 1);
  assert.equal(await read(), 2);
});

test('options may be inherited, and null counts as not given', async (t) => {
  const cache = cacheOf(t);
  class Options {
    key = (name) => name;
    loadMany = null;
    batch = null;
    get ttlMs() {
      return -1;
    }
  }
  let calls = 0;
  const read = cache.wrap(() => ++calls, new Options());
  const inheriting = cache.wrap(() => ++calls, Object.create({ key: (name) => name, ttlMs: -1 }));
  const decorate = cached(cache, new Options());
  const decorated = decorate(() => ++calls, { kind: 'method' });
  for (const each of [read, inheriting, decorated]) assert.equal((await each('k')) + 1, await each('k'));
});

test('a key that throws rejects, as does a function that throws', async (t) => {
  const cache = cacheOf(t);
  const wrong = new Error('wrong');
  const fail = () => {
    throw wrong;
  };
  await assert.rejects(cache.wrap(() => 1, { key: fail })(), wrong);
  await assert.rejects(cache.wrap(fail, { key: () => 'k' })(), wrong);
  await assert.rejects(cache.wrap(() => 1, { key: () => undefined })(), { code: 'INVALID_ARGUMENT' });
});

test('a wrapped function has the `this` of its call', async (t) => {
  const cache = cacheOf(t);
  const read = function () {
    return this.name;
  };
  const key = function () {
    return `name:${this.name}`;
  };
  const object = { name: 'Ada', read: cache.wrap(read, { key }) };
  assert.equal(await object.read(), 'Ada');
  assert.equal(await cache.get('name:Ada'), 'Ada');
});

test('what a wrapped function does beside has the `this` that it is given, and none as a method of the function', async (t) => {
  const cache = cacheOf(t);
  const calls = [];
  const read = cache.wrap(
    function (id) {
      calls.push([this?.name, id]);
      return calls.length;
    },
    {
      key(id) {
        return `${this?.name}:${id}`;
      },
    },
  );
  const ada = { name: 'Ada', read };
  const grace = { name: 'Grace', read };
  await Promise.all([ada.read(1), grace.read(1)]);
  assert.equal(await read.refresh.call(ada, 1), 3);
  assert.deepEqual(calls.at(-1), ['Ada', 1]);
  assert.equal(await cache.get('Ada:1'), 3);
  assert.deepEqual([read.key.call(ada, 1), read.key(1)], ['Ada:1', 'undefined:1']);
  await read.expire.call(ada, 1);
  assert.deepEqual([await cache.has('Ada:1'), await cache.has('Grace:1')], [false, true]);
  await read.delete.call(grace, 1);
  assert.equal(await cache.has('Grace:1'), false);
  await read.refresh(2);
  assert.deepEqual(calls.at(-1), [undefined, 2]);
  assert.equal(await cache.has('undefined:2'), true);
  await read.delete(2);
  assert.equal(await cache.has('undefined:2'), false);
});

test('what a wrapped function does beside is a method of other objects, too', async (t) => {
  const cache = cacheOf(t);
  const key = function (id) {
    return `${this?.name}:${id}`;
  };
  const read = cache.wrap((id) => id, { key });
  const ada = { name: 'Ada', keyOf: read.key, refresh: read.refresh };
  assert.equal(ada.keyOf(1), 'Ada:1');
  await ada.refresh(1);
  assert.equal(await cache.has('Ada:1'), true);
  const proxy = new Proxy(read, {});
  assert.equal(proxy.key(1), 'undefined:1');
  t.mock.method(read, 'refresh');
  assert.equal(read.key(1), 'undefined:1');
});

test('bad options are refused at once', (t) => {
  const cache = cacheOf(t);
  const key = () => 'k';
  const loadMany = () => [];
  for (const [fn, options, message] of [
    ['no', { key }, /fn must be a function/],
    [key, undefined, /options must be an object with a key/],
    [key, {}, /"key" must be a function/],
    [key, { key: 'k' }, /"key" must be a function/],
    [key, { key, loadMany: 1 }, /"loadMany" must be a function/],
    [key, { key, batch: {} }, /"loadMany" must be a function, as "batch" is given/],
    [key, { key, loadMany, batch: 5 }, /"batch" must be an object/],
    [key, { key, loadMany, batch: { windowMs: -1 } }, /"batch.windowMs" must be from 0/],
    [key, { key, loadMany, batch: { windowMs: '1' } }, /"batch.windowMs" must be a number/],
    [key, { key, loadMany, batch: { max: 0 } }, /"batch.max" must be a whole number above 0/],
    [key, { key, ttlMs: 'x' }, /"ttlMs" must be/],
  ]) {
    assert.throws(() => cache.wrap(fn, options), { message, code: /^INVALID_/ });
  }
});

test('options that are null are not given', async (t) => {
  const cache = cacheOf(t);
  const read = cache.wrap(() => 1, { key: () => 'k', loadMany: null, batch: null, ttlMs: null });
  assert.equal(await read(), 1);
  const batch = { windowMs: null, max: null };
  const readMany = cache.wrap(() => 1, { key: () => 'many', loadMany: (calls) => calls.map(() => 2), batch });
  assert.equal(await readMany(), 2);
});

/** Runs TypeScript with a decorator. */
function compiled(source) {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  return new Function('cached', 'cache', 'calls', `const exports = {}; ${outputText}; return exports.made;`);
}

const SERVICE = `
  class Users {
    constructor(readonly table: string) {}

    @cached(cache, { key(this: Users, id: number) { return this.table + ':' + id; } })
    async one(id: number) {
      calls.push(this.table + id);
      return this.table + ' ' + id;
    }

    @cached(() => cache, {
      key: (id: number) => 'many:' + id,
      loadMany(this: Users, ids: [number][]) {
        calls.push(ids.flat());
        return ids.map(([id]) => this.table + ' ' + id);
      },
    })
    async many(id: number): Promise<string> {
      throw new Error('called alone');
    }
  }
  class Admins extends Users {
    async one(id: number) {
      return 'admin ' + (await super.one(id));
    }
  }
  export const made = { users: new Users('users'), admins: new Admins('admins') };
`;

test('a decorated method reads through the cache, for each object with its own `this`', async (t) => {
  const cache = cacheOf(t);
  const calls = [];
  const { users, admins } = compiled(SERVICE)(cached, cache, calls);
  assert.deepEqual(await Promise.all([users.one(1), users.one(1), admins.one(1)]), [
    'users 1',
    'users 1',
    'admin admins 1',
  ]);
  assert.deepEqual(calls, ['users1', 'admins1']);
  assert.equal(await cache.get('users:1'), 'users 1');
  calls.length = 0;
  assert.deepEqual(await Promise.all([users.many(1), users.many(2)]), ['users 1', 'users 2']);
  assert.deepEqual(calls, [[1, 2]]);
});

test('the decorator names its method', (t) => {
  const cache = cacheOf(t);
  const key = () => 'k';
  assert.throws(() => cached(5, { key }), { code: 'INVALID_ARGUMENT', message: /cache must be a cache/ });
  assert.throws(() => cached(cache, {}), { code: 'INVALID_OPTION', message: /"key" must be a function/ });
  assert.throws(() => cached(cache, { key })(class {}, { kind: 'class' }), { message: /must be used on a method/ });
  assert.throws(() => cached(cache, { key })({}, 'method', {}), { message: /experimentalDecorators/ });
  assert.throws(() => cached(cache, { key, ttlMs: 'x' }), { code: 'INVALID_OPTION', message: /"ttlMs" must be/ });
  assert.throws(() => cached(cache, { key, loadMany: 5 }), { code: 'INVALID_OPTION', message: /"loadMany" must be/ });
});

test('a decorated method keeps its name, takes any `this`, and rejects where there is no cache', async (t) => {
  const cache = cacheOf(t);
  const context = { kind: 'method', name: 'one' };
  const options = { key: () => 'k', loadMany: null };
  async function one() {
    return 1;
  }
  const read = cached(cache, options)(one, context);
  assert.equal(read.name, 'one');
  assert.deepEqual(await Promise.all([read(), read.call(5), read.call({})]), [1, 1, 1]);
  const lost = cached((self) => self.cache, options)(one, context);
  await assert.rejects(lost.call({}), { code: 'INVALID_ARGUMENT', message: /must be a cache, got undefined/ });
  await assert.rejects(lost(), TypeError);
});
