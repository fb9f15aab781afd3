// A value of every kind that `msgpackr` packs, by name. Made anew by each call: some hold state.

class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
}

class Celsius {
  toJSON() {
    return { degrees: 21.5 };
  }
}

const bytes = (length) => Uint8Array.from({ length }, (_, at) => (at * 7) % 256);

const scalars = () => ({
  true: true,
  false: false,
  zero: 0,
  'minus zero': -0,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  'minus Infinity': Number.NEGATIVE_INFINITY,
  'small integers': [1, 31, 32, 63, 64, 127, 128, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1],
  'negative integers': [-1, -32, -33, -128, -129, -32768, -32769, -(2 ** 31), -(2 ** 31) - 1, -(2 ** 53) + 1],
  fractions: [0.1, 1.5, -2.25, 1e300, 5e-324, 3.4028234e38, Math.PI],
  bigints: [0n, 1n, -1n, 2n ** 62n, -(2n ** 63n), 2n ** 64n - 1n],
  'nested 64-bit integers': { deep: [{ id: 2n ** 60n, at: 2 ** 52 }] },
});

const texts = () => ({
  'an empty string': '',
  'a short string': 'hello',
  'strings around the lengths that change their head': [31, 32, 33, 255, 256, 257, 65535, 65536].map((length) =>
    'x'.repeat(length),
  ),
  accents: 'naïve façade, größer',
  emoji: '🦀 and 👩‍👩‍👧‍👦',
  'a lone surrogate': 'before \ud800 after',
  'a lone low surrogate': '\udc00',
  'a byte order mark in front': [20, 100].map((length) => `\ufeff${'x'.repeat(length)}`),
  'control characters': '\0\u0001\u001f\u007f',
  'text that looks like a prefix': 'HC1M',
});

const containers = () => ({
  'an empty array': [],
  'an empty object': {},
  'arrays around the lengths that change their head': [15, 16, 17].map((length) =>
    Array.from({ length }, (_, at) => at),
  ),
  'a long array': Array.from({ length: 70_000 }, (_, at) => at % 100),
  'an array with holes': Object.assign([], { 0: 1, 2: 3 }),
  'undefined in an array': [undefined, 1, undefined],
  'undefined in an object': { there: 1, absent: undefined },
  'null in both': { list: [null], nothing: null },
  'an object with many keys': Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`key ${at}`, at])),
  'an object with numeric keys': { 1: 'one', 20: 'twenty', '-3': 'minus three', 1.5: 'one and a half' },
  'odd keys': {
    '': 'empty',
    ' ': 'space',
    ключ: 'key',
    '🦀': 'crab',
    'with\nnewline': 1,
    constructor: 2,
    toString: 3,
    length: 4,
  },
  'a key __proto__': JSON.parse('{"__proto__": {"polluted": true}, "x": 1}'),
  nesting: { a: { b: { c: { d: [[[['deep']]]] } } } },
  'rows of one shape': Array.from({ length: 40 }, (_, id) => ({
    id,
    name: `row ${id}`,
    tags: ['a', 'b'],
    nested: { id, on: id % 2 === 0 },
  })),
  'rows of changing shape': Array.from({ length: 40 }, (_, id) => ({
    id,
    [`field${id % 5}`]: id,
    ...(id % 3 ? {} : { third: true }),
  })),
  'an object without a prototype': Object.assign(Object.create(null), { a: 1 }),
  'an instance of a class': new Point(1, 2),
  'an object with toJSON': { temperature: new Celsius() },
});

const extended = () => ({
  'a Date': new Date('2024-02-29T12:34:56.789Z'),
  Dates: [new Date(0), new Date(-1), new Date(1e12), new Date(8.64e15), new Date(1_700_000_000_000)],
  'a Map': new Map([
    ['a', 1],
    ['b', { c: 2 }],
  ]),
  'an empty Map in an object': { map: new Map() },
  'a Set': new Set([1, 'two', { three: 3 }]),
  'an empty Set': new Set(),
  'a Buffer': Buffer.from('bytes'),
  'Buffers around the lengths that change their head': [255, 256, 65535, 65536].map((length) =>
    Buffer.from(bytes(length)),
  ),
  'a Uint8Array': { bytes: bytes(10) },
  'an Int8Array': { bytes: new Int8Array([-1, 2]) },
  'an ArrayBuffer': { buffer: bytes(9).buffer },
  'a regular expression': { expression: /a+b/gi },
  'an Error': { error: new TypeError('it broke') },
});

export const packable = () => ({ ...scalars(), ...texts(), ...containers(), ...extended() });
