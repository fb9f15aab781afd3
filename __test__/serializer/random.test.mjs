import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deserialize, serialize } from '../../index.mjs';
import { LINES } from './lines.mjs';

/** A generator of numbers, the same for the same seed. */
function seeded(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return Math.floor((((state ^ (state >>> 13)) >>> 0) / 2 ** 32) * below);
  };
}

const NAMES = ['id', 'name', 'a', 'b', '', '__proto__', 'constructor', 'ключ', '🦀', '1', 'x'.repeat(40), 'length'];
const LEAVES = [
  () => null,
  () => undefined,
  (any) => any(2) === 0,
  (any) => any(300) - 100,
  (any) => any(2 ** 31) * 1024,
  (any) => any(1000) / 7,
  (any) => BigInt(any(2 ** 31)) ** 2n,
  (any) => 'text '.repeat(any(20)),
  (any) => '\ud800'.repeat(any(3)),
  (any) => new Date(any(2 ** 31) * 1000),
  (any) => Buffer.alloc(any(50), any(256)),
  () => new Set([1, 'two']),
  () => Uint8Array.of(1, 2),
];

function value(any, depth) {
  const kind = any(depth > 0 ? 10 : 4);
  if (kind < 4) return LEAVES[any(LEAVES.length)](any);
  if (kind < 6) return Array.from({ length: any(6) }, () => value(any, depth - 1));
  if (kind < 8) return object(names(any), any, depth);
  // Rows of one shape, for which records are made.
  const shape = names(any);
  return Array.from({ length: any(20) }, () => object(shape, any, depth - 2));
}

const names = (any) => Array.from({ length: any(8) }, () => NAMES[any(NAMES.length)]);

function object(shape, any, depth) {
  const made = {};
  for (const name of shape) {
    Object.defineProperty(made, name, {
      value: value(any, depth - 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return made;
}

for (const [line, { pack, unpack }] of Object.entries(LINES)) {
  test(`1,000 random values are read as ${line} reads them`, () => {
    for (let seed = 1; seed <= 1000; seed += 1) {
      const made = value(seeded(seed), 5);
      const packed = pack(made);
      const expected = unpack(packed) ?? null;
      assert.deepEqual(deserialize(Buffer.concat([Buffer.from('HC1M'), packed])), expected, `seed ${seed}`);
      assert.deepEqual(deserialize(serialize(made)), expected, `seed ${seed}, packed here`);
    }
  });
}

test('no damage to a payload makes reading throw or take long', () => {
  for (let seed = 1; seed <= 1000; seed += 1) {
    const any = seeded(seed);
    const payload = serialize(value(any, 5));
    const damaged = Buffer.from(payload.subarray(0, 4 + any(payload.length)));
    for (let hits = any(4); hits > 0 && damaged.length > 4; hits -= 1) damaged[4 + any(damaged.length - 4)] = any(256);
    deserialize(damaged);
  }
});
