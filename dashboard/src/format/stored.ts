/** Stored bytes: their prefix, and the value inside. */
export interface Stored {
  /** `HC1M`, `HC1G`, `HC1J`; empty: there is no prefix. */
  prefix: string;
  bytes: Uint8Array;
  /** Without prefix, inflated. */
  body: Uint8Array;
  isPacked: boolean;
}

export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const inflated = source.pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

export async function open(base64: string): Promise<Stored> {
  const bytes = fromBase64(base64);
  const [, prefix = ''] = /^(HC1[MGJ])/.exec(String.fromCharCode(...bytes.subarray(0, 4))) ?? [];
  const inner = bytes.subarray(prefix.length);
  const body = prefix === 'HC1G' ? await inflate(inner) : inner;
  return { prefix, bytes, body, isPacked: prefix === 'HC1M' || prefix === 'HC1G' };
}

const ACROSS = 16;
export const MOST_HEX = 4096;

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
const printable = (byte: number) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·');

/** Sixteen to a line: the offset, the bytes, and their letters. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  const end = Math.min(bytes.length, MOST_HEX);
  for (let at = 0; at < end; at += ACROSS) {
    const row = [...bytes.subarray(at, Math.min(at + ACROSS, end))];
    const left = row.slice(0, 8).map((byte) => hex(byte, 2));
    const right = row.slice(8).map((byte) => hex(byte, 2));
    const middle = `${left.join(' ').padEnd(23)}  ${right.join(' ').padEnd(23)}`;
    lines.push(`${hex(at, 6)}  ${middle}  ${row.map(printable).join('')}`);
  }
  return lines.join('\n');
}
