import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  deserialize,
  estimateValueBytes,
  getCompressionSavings,
  GZIP_MIN_BYTES,
  GZIP_SAVINGS_THRESHOLD,
  hasPrefix,
  inspectBuffer,
  NULL_SENTINEL,
  serialize,
  serializeWithStats,
  shouldGzip,
  sizeSavings,
  stripPrefix,
} from '../../index.mjs';
import { pack } from 'msgpackr';

const prefixOf = (buffer) => buffer.subarray(0, 4).toString('latin1');
const rows = (count) => Array.from({ length: count }, (_, id) => ({ id, name: `row ${id}`, active: id % 2 === 0 }));

afterEach(() => {
  delete process.env.CACHE_FORMAT;
  delete process.env.CACHE_DEBUG_SERIALIZATION;
});

test('the constants are those that are published', () => {
  assert.deepEqual([NULL_SENTINEL, GZIP_MIN_BYTES, GZIP_SAVINGS_THRESHOLD], ['__hybridcache_null__', 65_536, 0.15]);
});

test('a small value is msgpack behind its prefix', () => {
  const buffer = serialize({ id: 1 });
  assert.ok(Buffer.isBuffer(buffer));
  assert.equal(prefixOf(buffer), 'HC1M');
  assert.deepEqual(buffer.subarray(4), pack({ id: 1 }));
});

test('a large value that compresses is gzipped', () => {
  const value = rows(5000);
  const buffer = serialize(value);
  assert.equal(prefixOf(buffer), 'HC1G');
  assert.deepEqual(gunzipSync(buffer.subarray(4)), pack(value));
  assert.deepEqual(deserialize(buffer), value);
});

test('a large value that does not compress stays msgpack', () => {
  const value = randomBytes(100_000);
  const buffer = serialize(value);
  assert.equal(prefixOf(buffer), 'HC1M');
  assert.deepEqual(deserialize(buffer), value);
});

test('gzip begins at 65,536 packed bytes', () => {
  // Three bytes tell that a string follows, and its length.
  const below = 'x'.repeat(GZIP_MIN_BYTES - 4);
  assert.equal(pack(below).length, GZIP_MIN_BYTES - 1);
  assert.equal(prefixOf(serialize(below)), 'HC1M');
  assert.equal(prefixOf(serialize(`${below}x`)), 'HC1G');
});

for (const value of [null, undefined]) {
  test(`${value} is stored as the sentinel and read as null`, () => {
    assert.deepEqual(serialize(value), Buffer.concat([Buffer.from('HC1M'), pack(NULL_SENTINEL)]));
    assert.equal(deserialize(serialize(value)), null);
    process.env.CACHE_FORMAT = 'json';
    assert.equal(serialize(value).toString(), `HC1J"${NULL_SENTINEL}"`);
    assert.equal(deserialize(serialize(value)), null);
  });

  test(`deserialize(${value}) is null`, () => {
    assert.equal(deserialize(value), null);
  });
}

for (const [name, text] of [
  ['CACHE_FORMAT', 'json'],
  ['CACHE_DEBUG_SERIALIZATION', 'true'],
]) {
  test(`${name}=${text} writes JSON from then on`, () => {
    assert.equal(prefixOf(serialize({ a: 1 })), 'HC1M');
    process.env[name] = text;
    const stats = serializeWithStats({ a: 1 });
    assert.equal(stats.buffer.toString(), 'HC1J{"a":1}');
    assert.equal(stats.encoding, 'json');
    assert.deepEqual(deserialize(stats.buffer), { a: 1 });
    process.env[name] = 'no';
    assert.equal(prefixOf(serialize({ a: 1 })), 'HC1M');
  });
}

test('a value that JSON has no text for is nothing while JSON is written', () => {
  process.env.CACHE_FORMAT = 'json';
  assert.equal(deserialize(serialize(() => {})), null);
});

test('stats tell sizes and encoding', () => {
  const small = serializeWithStats({ a: 1 });
  const { buffer, ...told } = small;
  assert.deepEqual(told, {
    encoding: 'msgpack',
    originalBytes: buffer.length - 4,
    storedBytes: buffer.length,
    compressionRatio: 0,
    compressed: false,
  });
  const large = serializeWithStats(rows(5000));
  assert.equal(large.encoding, 'msgpack-gzip');
  assert.equal(large.compressed, true);
  assert.equal(large.originalBytes, pack(rows(5000)).length);
  assert.equal(large.storedBytes, large.buffer.length);
  assert.equal(large.compressionRatio, 1 - large.storedBytes / large.originalBytes);
});

test('the compression ratio is the share that is saved', () => {
  assert.equal(serializeWithStats('x'.repeat(200_000)).compressionRatio.toFixed(3), '0.999');
  assert.equal(serializeWithStats(randomBytes(100_000)).compressionRatio, 0);
  process.env.CACHE_FORMAT = 'json';
  assert.equal(serializeWithStats('x'.repeat(200_000)).compressionRatio, 0);
});

test('bytes of every kind are read', () => {
  const buffer = serialize({ a: 1 });
  const copy = new Uint8Array(buffer);
  const shared = new Uint8Array(new SharedArrayBuffer(buffer.length));
  shared.set(buffer);
  const inside = new Uint8Array(buffer.length + 8).subarray(3, 3 + buffer.length);
  inside.set(buffer);
  for (const bytes of [copy, copy.buffer, new DataView(copy.buffer), new Uint8ClampedArray(copy), shared, inside]) {
    assert.deepEqual(deserialize(bytes), { a: 1 });
  }
});

test('legacy bytes are tried as msgpack, then as JSON', () => {
  assert.deepEqual(deserialize(pack({ a: [1, 2] })), { a: [1, 2] });
  assert.deepEqual(deserialize(Buffer.from('{"a": [1, 2]}')), { a: [1, 2] });
  assert.deepEqual(deserialize(Buffer.from(' [true]')), [true]);
  assert.equal(deserialize(Buffer.from('"text"')), 'text');
  assert.equal(inspectBuffer(Buffer.from('[1]')).encoding, 'legacy');
});

test('a string is tried as JSON, else given back', () => {
  assert.deepEqual(deserialize('{"a":1}'), { a: 1 });
  assert.equal(deserialize('just text'), 'just text');
  assert.equal(deserialize('{broken'), '{broken');
  assert.equal(deserialize(''), '');
  assert.equal(deserialize(JSON.stringify(NULL_SENTINEL)), null);
  assert.equal(deserialize(NULL_SENTINEL), null);
});

const damaged = {
  nothing: Buffer.alloc(0),
  'a prefix alone': Buffer.from('HC1M'),
  'part of a prefix': Buffer.from('HC'),
  'truncated msgpack': serialize(rows(10)).subarray(0, 60),
  'msgpack with something after it': Buffer.concat([serialize(1), Buffer.from([1])]),
  'a truncated gzip': serialize(rows(5000)).subarray(0, 500),
  'no gzip': Buffer.from('HC1Gnot gzip at all'),
  'gzip of no msgpack': Buffer.concat([Buffer.from('HC1G'), gzipSync(Buffer.from([0xc1, 0xff]))]),
  'broken JSON': Buffer.from('HC1J{broken'),
  'legacy bytes that are neither': Buffer.from('plain text'),
  'a declared length beyond the end': Buffer.from([...Buffer.from('HC1M'), 0xdd, 0xff, 0xff, 0xff, 0xff]),
};

for (const [name, bytes] of Object.entries(damaged)) {
  test(`${name} is read as null`, () => {
    assert.equal(deserialize(bytes), null);
    assert.equal(inspectBuffer(bytes).value, null);
    assert.equal(inspectBuffer(bytes).storedBytes, bytes.length);
  });
}

test('inflated data is bounded before memory is taken', () => {
  const bomb = Buffer.concat([Buffer.from('HC1G'), gzipSync(pack('x'.repeat(20_000_000)))]);
  assert.equal(deserialize(bomb, { maxBytes: 1_000_000 }), null);
  assert.equal(deserialize(bomb).length, 20_000_000);
});

test('nesting is bounded', () => {
  let value = 1;
  for (let depth = 0; depth < 100; depth += 1) value = [value];
  assert.deepEqual(deserialize(serialize(value)), value);
  assert.equal(deserialize(serialize(value), { maxDepth: 50 }), null);
  assert.equal(deserialize(Buffer.from([...Buffer.from('HC1M'), ...Array(10_000).fill(0x91), 1])), null);
});

for (const [limits, message] of [
  [{ maxDepth: 0 }, /option "maxDepth" must be a positive integer, got 0/],
  [{ maxBytes: 'many' }, /option "maxBytes" must be a positive integer, got "many"/],
]) {
  test(`limits ${JSON.stringify(limits)} are refused`, () => {
    assert.throws(() => deserialize(serialize(1), limits), { code: 'INVALID_OPTION', message });
    assert.throws(() => inspectBuffer(serialize(1), limits), { code: 'INVALID_OPTION', message });
  });
}

test('deserialize returns a value that is neither bytes nor text', () => {
  const value = { a: 1 };
  for (const given of [5, 0, false, true, 7n, value, [value], Symbol.iterator, deserialize]) {
    assert.equal(deserialize(given), given);
  }
});

test('a value that has no bytes cannot be inspected, and is refused by name', () => {
  assert.throws(() => inspectBuffer('text'), {
    code: 'INVALID_ARGUMENT',
    message: /data must be a Buffer or a Uint8Array/,
  });
});

test('inspectBuffer tells encoding, size and value', () => {
  assert.deepEqual(inspectBuffer(serialize({ a: 1 })), { encoding: 'msgpack', storedBytes: 10, value: { a: 1 } });
  assert.equal(inspectBuffer(serialize(rows(5000))).encoding, 'msgpack-gzip');
  assert.deepEqual(inspectBuffer(Buffer.from('HC1J[1]')), { encoding: 'json', storedBytes: 7, value: [1] });
  assert.deepEqual(inspectBuffer(serialize(null)).value, null);
  assert.equal(inspectBuffer(Buffer.from('HC1Gbroken')).encoding, 'msgpack-gzip');
});

test('prefixes are told and taken off', () => {
  const buffer = serialize({ a: 1 });
  assert.equal(hasPrefix(buffer), true);
  assert.equal(hasPrefix(new Uint8Array(buffer)), true);
  assert.equal(hasPrefix(buffer, 'HC1M'), true);
  assert.equal(hasPrefix(buffer, 'HC1G'), false);
  assert.equal(hasPrefix(Buffer.from('HC1')), false);
  assert.equal(hasPrefix(pack({ a: 1 })), false);
  assert.deepEqual(stripPrefix(buffer), pack({ a: 1 }));
  assert.deepEqual(stripPrefix(pack({ a: 1 })), pack({ a: 1 }));
  assert.throws(() => hasPrefix(buffer, 'HC2M'), {
    code: 'INVALID_ARGUMENT',
    message: /one of "HC1M", "HC1G", "HC1J"/,
  });
});

test('a prefix given as bytes may be any', () => {
  const bytes = Buffer.from('abcdef');
  assert.equal(hasPrefix(bytes, Buffer.from('ab')), true);
  assert.equal(hasPrefix(bytes, new Uint8Array([97])), true);
  assert.equal(hasPrefix(bytes, Buffer.from('b')), false);
  assert.equal(hasPrefix(Buffer.from('a'), Buffer.from('ab')), false);
  assert.equal(hasPrefix(serialize(1), Buffer.from('HC1M')), true);
  assert.equal(stripPrefix(bytes, Buffer.from('ab')).toString(), 'cdef');
  assert.equal(stripPrefix(bytes, Buffer.from('x')).toString(), 'abcdef');
  assert.deepEqual(stripPrefix(serialize(1), 'HC1M'), pack(1));
});

test('savings are shares, never below 0', () => {
  assert.equal(getCompressionSavings(1000, 100), 0.9);
  assert.equal(getCompressionSavings(1000, 1500), 0);
  assert.equal(getCompressionSavings(0, 0), 0);
  assert.equal(getCompressionSavings(Buffer.alloc(10), Buffer.alloc(5)), 0.5);
  assert.throws(() => getCompressionSavings(-1, 5), { code: 'INVALID_ARGUMENT' });
});

test('size savings are those of stored bytes over bytes of text', () => {
  assert.equal(sizeSavings(25, 100), 0.75);
  assert.equal(sizeSavings(100, 25), 0);
  assert.equal(sizeSavings(5, 0), 0);
});

test('gzip pays from its size and savings on', () => {
  assert.equal(shouldGzip(100_000, 85_000), true);
  assert.equal(shouldGzip(100_000, 85_001), false);
  assert.equal(shouldGzip(GZIP_MIN_BYTES, 1), true);
  assert.equal(shouldGzip(GZIP_MIN_BYTES - 1, 1), false);
});

test('without the gzipped size nobody knows whether gzip pays', () => {
  assert.equal(shouldGzip(GZIP_MIN_BYTES), false);
  assert.equal(shouldGzip(10_000_000), false);
});

test('the estimate is the length of the text, or of the JSON', () => {
  const cyclic = {};
  cyclic.self = cyclic;
  const sizes = [
    ['abc', 3],
    ['größer', 8],
    ['', 0],
    [5, 1],
    [true, 4],
    [null, 0],
    [undefined, 0],
    [{ a: [1, 'b'] }, 13],
    [cyclic, 0],
    [1n, 0],
    [() => {}, 0],
  ];
  for (const [value, bytes] of sizes) assert.equal(estimateValueBytes(value), bytes, String(value));
});
