import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { LazyLayersCache, deserialize, serialize } from '../../index.mjs';
import { LOGIN } from './plain.mjs';

const made = [];

afterEach(async () => {
  for (const cache of made.splice(0)) await cache.close();
});

/** The answer of a cache with these options about the key "k", which holds `value`. */
async function explained(value, query = '&bytes=1', options = {}) {
  const observability = { enabled: true, quiet: true, server: false, ...options };
  const cache = new LazyLayersCache({ logging: { enabled: false }, observability });
  made.push(cache);
  await cache.set('k', value);
  const request = new Request(`http://h/observelazyily/api/key?key=k${query}`, { headers: { authorization: LOGIN } });
  const answer = await cache.getObservabilityHandler().handle(request);
  return (await answer.json()).layers.l1.entry;
}

test('the bytes of a value are those that a shared layer has, and sent only when asked for', async () => {
  const value = { id: 1, name: 'Ada' };
  const { base64 } = await explained(value);
  assert.deepEqual(Buffer.from(base64, 'base64'), serialize(value));
  assert.equal((await explained(value, '')).base64, undefined);
  assert.equal((await explained(value, '&bytes=0')).base64, undefined);
});

test('large values are gzipped, as they are in a shared layer', async () => {
  const text = 'a'.repeat(100_000);
  const bytes = Buffer.from((await explained(text)).base64, 'base64');
  assert.equal(bytes.subarray(0, 4).toString(), 'HC1G');
  assert.equal(deserialize(bytes), text);
});

test('a value beyond maxValueBytes is left out', async () => {
  const { value, truncated, deserializedBytes } = await explained('a'.repeat(5000), '', { maxValueBytes: 1000 });
  assert.deepEqual([value, truncated, deserializedBytes], [undefined, true, 5000]);
});

test('a value that is hidden, redacted, too large or cannot be packed has no bytes', async () => {
  const value = { secret: 's' };
  const redact = (_key, shown) => ({ ...shown, secret: '…' });
  const closed = {
    get inside() {
      throw new Error('nobody reads this');
    },
  };
  for (const [held, options] of [
    [value, { values: 'hidden' }],
    [value, { redact }],
    ['a'.repeat(5000), { maxValueBytes: 1000 }],
    [closed, {}],
  ]) {
    const { base64 } = await explained(held, '&bytes=1', options);
    assert.equal(typeof base64, 'undefined');
  }
  const same = (_key, shown) => shown;
  assert.equal(typeof (await explained(value, '&bytes=1', { redact: same })).base64, 'string');
});
