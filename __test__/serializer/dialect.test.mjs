import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { deserialize, inspectBuffer, serialize } from '../../index.mjs';
import { LINES } from './lines.mjs';
import { packable } from './packable.mjs';

const fixtures = JSON.parse(readFileSync(new URL('fixtures.json', import.meta.url)));
const prefixed = (packed) => Buffer.concat([Buffer.from('HC1M'), packed]);
const gzipped = (packed) => Buffer.concat([Buffer.from('HC1G'), gzipSync(packed)]);
const bodyOf = (payload) =>
  payload.subarray(0, 4).equals(Buffer.from('HC1G')) ? gunzipSync(payload.subarray(4)) : payload.subarray(4);

/** Reads more than once: objects of a shape that was met before are read another way. */
function reads(payload, expected) {
  for (let round = 0; round < 3; round += 1) assert.deepEqual(deserialize(payload), expected);
}

for (const [line, { pack, unpack }] of Object.entries(LINES)) {
  for (const [name, value] of Object.entries(packable())) {
    test(`${name}: bytes of ${line} are read as it reads them`, () => {
      const packed = pack(value);
      const expected = unpack(packed);
      reads(prefixed(packed), expected);
      reads(gzipped(packed), expected);
    });

    test(`${name}: ${line} reads stored bytes as those it packs itself`, () => {
      assert.deepEqual(unpack(bodyOf(serialize(value))), unpack(pack(value)));
    });
  }

  test(`old bytes of ${line} are read today`, () => {
    const known = packable();
    for (const [name, base64] of Object.entries(fixtures[line])) {
      const packed = Buffer.from(base64, 'base64');
      reads(prefixed(packed), unpack(packed));
      assert.deepEqual(unpack(pack(known[name])), unpack(packed), name);
    }
  });

  test(`bytes of ${line} without a prefix are read`, () => {
    for (const name of ['an empty object', 'nesting', 'rows of one shape', 'a Date', 'a Buffer', 'emoji']) {
      const packed = pack(packable()[name]);
      reads(packed, unpack(packed));
      assert.equal(inspectBuffer(packed).encoding, 'legacy');
    }
  });
}

test('an invalid Date stays one', () => {
  assert.ok(Number.isNaN(deserialize(serialize({ at: new Date(Number.NaN) })).at.getTime()));
});

test('a value that msgpackr refuses to pack is refused in its words', () => {
  assert.throws(() => serialize({ number: 2n ** 90n }), /too large to fit in MessagePack/);
  assert.throws(() => serialize(Symbol('s')), /Unknown type: symbol/);
});

test("an error of the value's own code while it is packed reaches the caller", () => {
  const error = new Error('toJSON');
  class Broken {
    toJSON() {
      throw error;
    }
  }
  assert.throws(() => serialize({ broken: new Broken() }), error);
  assert.deepEqual(deserialize(serialize({ after: 1 })), { after: 1 });
});

test('a value that packs another while it is packed does not disturb it', () => {
  const inner = { rows: Array.from({ length: 500 }, (_, id) => ({ id })) };
  let nested;
  class Nesting {
    toJSON() {
      nested = serialize(inner);
      return 'd';
    }
  }
  const value = { before: 'b', during: new Nesting(), after: 'a'.repeat(500) };
  assert.deepEqual(deserialize(serialize(value)), { before: 'b', during: 'd', after: 'a'.repeat(500) });
  assert.deepEqual(deserialize(nested), inner);
});

test('a buffer that was read stays the same when more is read', () => {
  const first = deserialize(serialize({ bytes: Buffer.from('first') }));
  for (let at = 0; at < 10; at += 1) deserialize(serialize({ bytes: Buffer.from(`other ${at}`) }));
  assert.equal(first.bytes.toString(), 'first');
});

test('bytes that are the whole value stay the same when more is read', () => {
  const first = deserialize(serialize(Buffer.from('first')));
  const list = deserialize(serialize([Buffer.from('one'), Buffer.from('two')]));
  for (let at = 0; at < 10; at += 1) deserialize(serialize([Buffer.alloc(40, at), at]));
  assert.equal(first.toString(), 'first');
  assert.deepEqual(list.map(String), ['one', 'two']);
});

test('a wide typed array is packed as one also when a part after it packs another value', () => {
  class Nesting {
    toJSON() {
      serialize({ plain: true });
      return 'd';
    }
  }
  const value = { wide: new Float64Array([Math.E]), during: new Nesting() };
  assert.deepEqual(deserialize(serialize(value)), { wide: new Float64Array([Math.E]), during: 'd' });
});

/** Plain msgpackr has no place for their elements: it writes their low bytes and whatever memory follows. */
const wide = () => ({
  u16: new Uint16Array([1, 65535]),
  i16: new Int16Array([-5]),
  u32: new Uint32Array([4_000_000_000]),
  i32: new Int32Array([-7, 7]),
  f32: new Float32Array([1.5]),
  f64: new Float64Array([Math.E, -0, Number.NaN]),
  big: new BigInt64Array([-1n]),
  ubig: new BigUint64Array([2n ** 64n - 1n]),
});

for (const [line, { unpack }] of Object.entries(LINES)) {
  test(`typed arrays of wide elements are read as they were, by ${line} too`, () => {
    const expected = wide();
    const payload = serialize(wide());
    reads(payload, expected);
    assert.deepEqual(unpack(payload.subarray(4)), expected);
  });
}

test('beside a wide typed array everything else is the same as without one', () => {
  class Celsius {
    toJSON() {
      return { degrees: 21 };
    }
  }
  const others = () => ({
    set: new Set([1, { a: 2 }]),
    map: new Map([['key', new Set(['in a map'])]]),
    bytes: Uint8Array.of(1, 2),
    buffer: Uint8Array.of(3).buffer,
    error: new TypeError('broken'),
    expression: /a/g,
    at: new Date(5),
    temperature: new Celsius(),
    list: [undefined, null, 1n],
  });
  const alone = deserialize(serialize(others()));
  assert.deepEqual(deserialize(serialize({ ...others(), wide: new Float32Array([1.5]) })), {
    ...alone,
    wide: new Float32Array([1.5]),
  });
});

const doubles = new Float64Array([1.5, 2.5]);

class Model {
  #w = doubles;
  toJSON() {
    return { w: this.#w };
  }
}

test('wide arrays that an object packs itself, or that are the cause of an error, come back', () => {
  const { m } = deserialize(serialize({ m: new Model() }));
  assert.deepEqual(m.w, doubles);
  const { e } = deserialize(serialize({ e: new Error('x', { cause: doubles }) }));
  assert.deepEqual(e, ['Error', 'x', doubles]);
});

test('objects of subclasses come back as those of the class', () => {
  class M extends Map {}
  class S extends Set {}
  class F extends Float32Array {}
  class B extends Uint8Array {}
  const packed = { m: new M([['a', 1]]), s: new S([1]), f: new F([1.5]), b: new B([7]) };
  const { m, s, f, b } = deserialize(serialize(packed));
  assert.deepEqual(m, { a: 1 });
  assert.deepEqual(s, [1]);
  assert.deepEqual(f, new Float32Array([1.5]));
  assert.deepEqual(Buffer.from(b), Buffer.from([7]));
});

test('what cannot be read back is refused', () => {
  for (const key of [new Date(0), {}, [1]])
    assert.throws(() => serialize(new Map([[key, 1]])), /key that is an object/);
  assert.deepEqual(
    deserialize(
      serialize(
        new Map([
          [1, 'a'],
          [true, 'b'],
          [null, 'c'],
        ]),
      ),
    ),
    { 1: 'a', true: 'b', null: 'c' },
  );
  if (globalThis.Float16Array !== undefined) {
    assert.throws(() => serialize(new globalThis.Float16Array([1])), /kind Float16Array has no bytes/);
  }
});

test('a few bytes of references between parts are no value without end', () => {
  const id = (n) => [0xd6, 0x69, 0, 0, 0, n];
  const pointer = (n) => [0xd6, 0x70, 0, 0, 0, n];
  const body = [0xdc, 0, 30, ...id(1), 0x90];
  for (let n = 2; n <= 30; n += 1) body.push(...id(n), 0x92, ...pointer(n - 1), ...pointer(n - 1));
  assert.equal(deserialize(Buffer.from([...Buffer.from('HC1M'), ...body])), null);
  assert.equal(deserialize(Buffer.from([...Buffer.from('HC1M'), ...body, 0])), null);
});
