/** Values as 0.4.0 stores them: packed by `msgpackr`, gzipped and inflated on the JavaScript thread. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack, unpack } from 'msgpackr';

const GZIP_MIN_BYTES = 65_536;

export function seal(value) {
  const packed = pack(value);
  if (packed.length >= GZIP_MIN_BYTES) {
    const gzipped = gzipSync(packed);
    if (gzipped.length <= packed.length * 0.85) return Buffer.concat([Buffer.from('HC1G'), gzipped]);
  }
  return Buffer.concat([Buffer.from('HC1M'), packed]);
}

export function open(payload) {
  const body = payload.subarray(4);
  return unpack(payload[3] === 0x47 ? gunzipSync(body) : body);
}
