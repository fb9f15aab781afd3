// Parts of values that are of another realm, or that no bytes can be made of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { deserialize, LazyLayersCache, RedisStore, serialize, serializeWithStats } from '../index.mjs';
import { standIn } from './redis/kinds.mjs';
import { record } from './support/events.mjs';
import { redisWithClient } from './support/servers/redis.mjs';

const elsewhere = (code) => runInNewContext(code);

/** By a description: a value of another realm, and its equivalent of this one. */
const equal = {
  'a Date': ['new Date(5)', new Date(5)],
  'a Map': ["new Map([['a', new Map([['b', 1]])]])", new Map([['a', new Map([['b', 1]])]])],
  'a Set': ['new Set([1, new Set([2])])', new Set([1, new Set([2])])],
  'a RegExp': ['/a+/gi', /a+/gi],
  'an Error': ["new TypeError('x', { cause: 1 })", new TypeError('x', { cause: 1 })],
  bytes: ['new Uint8Array([1, 2, 255])', new Uint8Array([1, 2, 255])],
  'clamped bytes': ['new Uint8ClampedArray([1, 2])', new Uint8ClampedArray([1, 2])],
  'an ArrayBuffer': ['new Uint8Array([1, 2]).buffer', new Uint8Array([1, 2]).buffer],
  'a typed array': ['new Float64Array([1.5, -2])', new Float64Array([1.5, -2])],
  'an array': ['[1, { a: 2 }]', [1, { a: 2 }]],
  'an object': ['({ a: { b: 1 } })', { a: { b: 1 } }],
};

for (const [what, [code, here]] of Object.entries(equal)) {
  test(`${what} of another realm is packed as one of this`, () => {
    const wide = new Float64Array(1);
    const wrap = (value) => [value, { value }, [[value]], new Map([['value', value]]), { wide, value }];
    wrap(here).forEach((value, at) => {
      assert.deepEqual(serialize(wrap(elsewhere(code))[at]), serialize(value));
    });
    assert.deepEqual(serialize(elsewhere(`({ value: ${code}, n: 1 })`)), serialize({ value: here, n: 1 }));
  });
}

const bytes = new Uint8Array([0, 1, 2, 3, 4]);
const views = {
  'a DataView': new DataView(bytes.buffer, 1, 3),
  'a DataView of another realm': elsewhere('new DataView(new Uint8Array([0, 1, 2, 3, 4]).buffer, 1, 3)'),
  'a SharedArrayBuffer': (() => {
    const shared = new SharedArrayBuffer(3);
    new Uint8Array(shared).set([1, 2, 3]);
    return shared;
  })(),
};
for (const [what, view] of Object.entries(views)) {
  test(`${what} is read as its bytes, as a Uint8Array is`, () => {
    assert.deepEqual(deserialize(serialize(view)), Buffer.from([1, 2, 3]));
    assert.deepEqual(deserialize(serialize({ view, n: new Float64Array([1]) })).view, Buffer.from([1, 2, 3]));
  });
}

test('boxed values are the values in them', () => {
  const boxed = [new Number(5), new String('x'), new Boolean(false), Object(5n), elsewhere("new String('y')")];
  assert.deepEqual(deserialize(serialize(boxed)), [5, 'x', false, 5n, 'y']);
});

class Point {
  x = 1;
}
class Tagged {
  a = 1;
  get [Symbol.toStringTag]() {
    return 'Map';
  }
}
class Chosen {
  toJSON() {
    return 'chosen';
  }
  get [Symbol.toStringTag]() {
    return 'Chosen';
  }
}

test('objects of classes are packed by their fields, or as they choose, whatever they call themselves', () => {
  const values = [new Point(), new Tagged(), new Chosen(), new (class {})(), Object.create(null), new URL('http://a/')];
  assert.deepEqual(deserialize(serialize(values)), [{ x: 1 }, { a: 1 }, 'chosen', {}, {}, 'http://a/']);
});

const refused = {
  'a function': [() => 1, /a function \(\d*\w*\) has no bytes/],
  'a class': [Point, /a function \(Point\) has no bytes/],
  'a function of another realm': [elsewhere('(function named() {})'), /a function \(named\) has no bytes/],
  'a symbol': [Symbol('x'), /symbol/],
  'a promise': [Promise.resolve(1), /an object of the kind Promise has no bytes/],
  'a promise of another realm': [elsewhere('Promise.resolve(1)'), /Promise/],
  'a WeakMap': [new WeakMap(), /WeakMap/],
  'a generator': [(function* numbers() {})(), /Generator/],
  'a Blob': [new Blob(['x']), /Blob/],
  headers: [new Headers({ a: 'b' }), /Headers/],
};

for (const [what, [value, message]] of Object.entries(refused)) {
  test(`${what} cannot be packed, alone or within a value`, () => {
    const wide = new Float64Array(1);
    for (const whole of [value, { value }, [1, [value]], new Map([['k', value]]), { value, wide }]) {
      assert.throws(() => serialize(whole), { message });
      assert.throws(() => serializeWithStats(whole), { message });
    }
  });
}

for (const [what, thrown] of Object.entries({
  'a symbol': Symbol('broken'),
  'an object without a prototype': Object.create(null),
  'an error whose message is no text': Object.assign(new Error(), { message: 5 }),
})) {
  test(`a value whose getter throws ${what} cannot be packed, and is no failure of Redis`, async (t) => {
    const { server, client } = await redisWithClient(t);
    const store = new RedisStore(server.url);
    const resilience = { l2CircuitBreaker: { failureThreshold: 1 } };
    const cache = new LazyLayersCache({ l2: store, l1: false, resilience });
    t.after(() => cache.close());
    const told = record(cache);
    const value = {
      get broken() {
        throw thrown;
      },
    };
    await cache.set('k', 'before');
    await cache.set('k', value);
    const [{ error, state }] = told.of('l2:error');
    assert.match(error.message, /a value cannot be packed/);
    assert.equal(state, 'closed');
    assert.equal(await client.exists('cache:k'), 0);
    await store.set('k', 'before');
    await assert.rejects(store.set('k', value), /a value cannot be packed/);
    assert.equal(await client.exists('cache:k'), 0);
  });
}

test('a value that holds a function is told, not stored, and the value before it is removed', async (t) => {
  const { server, client } = await redisWithClient(t);
  for (const redis of [server.url, standIn(client)]) {
    const store = new RedisStore(redis);
    const cache = new LazyLayersCache({ l2: store, l1: false });
    t.after(() => cache.close());
    const told = record(cache);
    await cache.set('k', 'before');
    await cache.set('k', { load() {}, id: 1 });
    assert.match(String(told.of('l2:error')[0]?.error), /a function \(load\) has no bytes|cannot be packed/);
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await client.exists('cache:k'), 0);
    await cache.set('k', { at: elsewhere('new Date(7)'), view: new DataView(bytes.buffer, 1, 1) });
    assert.deepEqual(await cache.get('k'), { at: new Date(7), view: Buffer.from([1]) });
  }
});
