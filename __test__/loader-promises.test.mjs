// Promises of loaders that are not quite the platform's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { deferred, heldLoader, turns } from './support/deferred.mjs';

test('a promise whose then calls its functions twice settles no other load', async () => {
  class Twice extends Promise {
    then(onValue, onError) {
      return super.then((value) => {
        setImmediate(() => onValue('again'));
        return onValue(value);
      }, onError);
    }
  }
  const cache = new LazyLayersCache();
  assert.equal(await cache.getOrSet('a', () => Twice.resolve('first')), 'first');
  const loader = heldLoader();
  const other = cache.getOrSet('b', loader);
  await turns();
  loader.resolve('right');
  assert.equal(await other, 'right');
});

test('loads that end in another order than they began get their own values', async () => {
  const cache = new LazyLayersCache();
  for (let round = 0; round < 3; round++) {
    const loads = Array.from({ length: 100 }, (_, at) => {
      const held = deferred();
      return { at, held, answer: cache.getOrSet(`${round}:${at}`, () => held.promise) };
    });
    for (const { at, held } of [...loads].reverse()) {
      if (at % 3 === 0) held.reject(new Error(`${at}`));
      else held.resolve(at);
    }
    const answers = await Promise.allSettled(loads.map(({ answer }) => answer));
    answers.forEach(({ status, value, reason }, at) => {
      assert.equal(status, at % 3 === 0 ? 'rejected' : 'fulfilled');
      assert.equal(value ?? Number(reason.message), at);
    });
  }
});

test('a then that somebody has replaced is called', async () => {
  const cache = new LazyLayersCache();
  const { then } = Promise.prototype;
  let calls = 0;
  const promise = Promise.resolve('v');
  promise.then = function replaced(...args) {
    calls++;
    return then.apply(this, args);
  };
  assert.equal(await cache.getOrSet('k', () => promise), 'v');
  assert.equal(calls, 1);
});
