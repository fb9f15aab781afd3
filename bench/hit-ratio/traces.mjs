import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const REQUESTS = 400_000;

/** Numbers in [0, 1) that are the same in every run. */
function randomFrom(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Draws keys below `keys`, the n-th n ** -skew times as often as the first (Zipf's law). */
function zipfian(keys, skew, random) {
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let n = 0; n < keys; n += 1) sums[n] = sum += (n + 1) ** -skew;
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const generate = (draw) => Uint32Array.from({ length: REQUESTS }, (_, at) => draw(at));

/** Traces that anybody can have: `{ name, about, keys }`. */
export function generatedTraces() {
  const popular = zipfian(50_000, 0.9, randomFrom(1));
  const beside = zipfian(20_000, 0.9, randomFrom(2));
  const drifting = zipfian(20_000, 1, randomFrom(3));
  return [
    { name: 'zipf', about: '50,000 keys by Zipf’s law, 0.9', keys: generate(popular) },
    {
      name: 'zipf-scans',
      about: 'the same of 20,000 keys, with scans of 10,000 keys that come once',
      keys: generate((at) => (at % 20_000 < 10_000 ? beside() : 100_000 + at)),
    },
    {
      name: 'drift',
      about: '20,000 keys by Zipf’s law, the popular ones others every 1,000 requests',
      keys: generate((at) => (drifting() + Math.floor(at / 1_000) * 17) % 100_000),
    },
    { name: 'loop', about: '8,000 keys, one after the other, again and again', keys: generate((at) => at % 8_000) },
  ];
}

/** Traces in files `NAME.u32` or `NAME.u32.gz`: a little-endian number of 32 bits for each request, its key. */
export function tracesIn(folder) {
  const files = readdirSync(folder).filter((file) => /\.u32(\.gz)?$/.test(file));
  if (files.length === 0) throw new Error(`no file NAME.u32 or NAME.u32.gz in ${folder}`);
  return files.sort().map((file) => {
    const stored = readFileSync(join(folder, file));
    const bytes = file.endsWith('.gz') ? gunzipSync(stored) : stored;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const keys = Uint32Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(at * 4, true));
    return { name: file.replace(/\.u32(\.gz)?$/, ''), about: 'from a file', keys };
  });
}
