/**
 * `npm run bench:serializer`: the size of a listing of 1,500 nested entries in each encoding, and the time of writing
 * and reading it.
 *
 *   node bench/serializer.mjs [--runs 25]
 */
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack, unpack } from 'msgpackr';
import { deserialize, serialize, serializeWithStats } from '../index.mjs';
import { listing } from './harness/listing.mjs';
import { median } from './harness/statistics.mjs';

const value = listing();

const ENCODINGS = [
  { name: 'JSON', write: () => Buffer.from(JSON.stringify(value)), read: (bytes) => JSON.parse(bytes.toString()) },
  { name: 'msgpack', write: () => pack(value), read: (bytes) => unpack(bytes) },
  { name: 'msgpack + gzip (zlib)', write: () => gzipSync(pack(value)), read: (bytes) => unpack(gunzipSync(bytes)) },
  { name: 'serialize()', write: () => serialize(value), read: (bytes) => deserialize(bytes) },
];

function readRuns() {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '25' } } });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs must be a positive integer, got ${values.runs}`);
  return runs;
}

function time(act) {
  const started = performance.now();
  act();
  return performance.now() - started;
}

/** All encodings take turns, so that each meets the same machine. */
function measure(runs) {
  const written = ENCODINGS.map(({ write }) => write());
  const times = ENCODINGS.map(() => ({ write: [], read: [] }));
  for (let run = 0; run < runs + 3; run++) {
    ENCODINGS.forEach(({ write, read }, at) => {
      const took = { write: time(write), read: time(() => read(written[at])) };
      // The first runs are for the compiler.
      if (run < 3) return;
      times[at].write.push(took.write);
      times[at].read.push(took.read);
    });
  }
  return ENCODINGS.map(({ name }, at) => ({
    name,
    bytes: written[at].length,
    writeMs: median(times[at].write),
    readMs: median(times[at].read),
  }));
}

function format(rows, runs) {
  const kilobytes = (bytes) => `${(bytes / 1024).toFixed(2)} KB`;
  const saved = (bytes) => `${((1 - bytes / rows[0].bytes) * 100).toFixed(1)} %`;
  const lines = [
    ['encoding', 'bytes', 'vs JSON', `write ms (n=${runs})`, 'read ms'],
    ...rows.map(({ name, bytes, writeMs, readMs }, at) => [
      name,
      kilobytes(bytes),
      at === 0 ? 'baseline' : saved(bytes),
      writeMs.toFixed(3),
      readMs.toFixed(3),
    ]),
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const line = (cells) =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join(' | ')} |`;
  const rule = `|${widths.map((width, at) => (at === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(lines[0]), rule, ...lines.slice(1).map(line)].join('\n');
}

const runs = readRuns();
console.log(format(measure(runs), runs));
const { encoding, originalBytes, storedBytes } = serializeWithStats(value);
console.log(
  `\nserialize() writes ${encoding}: ${storedBytes.toLocaleString('en')} bytes for ${originalBytes.toLocaleString('en')}.`,
);
