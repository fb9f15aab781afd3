/** The structure of a packed value, a line for each part of it. */
export interface Token {
  at: number;
  depth: number;
  /** The byte that tells its type. */
  head: number;
  kind: string;
  text: string;
}

export const MOST_TOKENS = 2000;

const SCALARS: Record<number, [kind: string, size: number]> = {
  0xca: ['float 32', 4],
  0xcb: ['float 64', 8],
  0xcc: ['uint 8', 1],
  0xcd: ['uint 16', 2],
  0xce: ['uint 32', 4],
  0xcf: ['uint 64', 8],
  0xd0: ['int 8', 1],
  0xd1: ['int 16', 2],
  0xd2: ['int 32', 4],
  0xd3: ['int 64', 8],
};

const FIXED: Record<number, [kind: string, text: string]> = {
  0xc0: ['nil', 'null'],
  0xc2: ['false', 'false'],
  0xc3: ['true', 'true'],
};

/** By their heads: kind, and how many bytes tell the length. */
const SIZED: Record<number, [kind: 'bin' | 'str' | 'array' | 'map' | 'ext', width: 1 | 2 | 4]> = {
  0xc4: ['bin', 1],
  0xc5: ['bin', 2],
  0xc6: ['bin', 4],
  0xc7: ['ext', 1],
  0xc8: ['ext', 2],
  0xc9: ['ext', 4],
  0xd9: ['str', 1],
  0xda: ['str', 2],
  0xdb: ['str', 4],
  0xdc: ['array', 2],
  0xdd: ['array', 4],
  0xde: ['map', 2],
  0xdf: ['map', 4],
};

const decoder = new TextDecoder();
const short = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

class Walk {
  readonly tokens: Token[] = [];
  #at = 0;
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isOver(): boolean {
    return this.#at >= this.bytes.length || this.tokens.length >= MOST_TOKENS;
  }

  value(depth: number): void {
    if (this.isOver) return;
    const at = this.#at;
    const head = this.#view.getUint8(this.#at);
    this.#at += 1;
    const say = (kind: string, text: string) => this.tokens.push({ at, depth, head, kind, text });
    if (head < 0x80 || head >= 0xe0) say('fixint', String(head < 0x80 ? head : head - 256));
    else if (head < 0x90) this.#children('fixmap', (head & 15) * 2, depth, say);
    else if (head < 0xa0) this.#children('fixarray', head & 15, depth, say);
    else if (head < 0xc0) say('fixstr', short(this.#text(head & 31)));
    else if (head >= 0xd4 && head <= 0xd8) this.#extension('fixext', 2 ** (head - 0xd4), say);
    else if (FIXED[head] !== undefined) say(...FIXED[head]);
    else if (SCALARS[head] !== undefined) this.#scalar(...SCALARS[head], say);
    else if (SIZED[head] !== undefined) this.#sized(...SIZED[head], depth, say);
    else say('unknown', '');
  }

  #number(width: number): number {
    const at = this.#at;
    this.#at += width;
    if (width === 1) return this.#view.getUint8(at);
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #scalar(kind: string, size: number, say: (kind: string, text: string) => void): void {
    const at = this.#at;
    this.#at += size;
    const name = kind.split(' ')[0];
    const bits = size * 8;
    if (bits === 64 && name !== 'float') {
      say(kind, String(name === 'int' ? this.#view.getBigInt64(at) : this.#view.getBigUint64(at)));
      return;
    }
    const read = `get${name === 'float' ? 'Float' : name === 'int' ? 'Int' : 'Uint'}${bits}` as 'getUint16';
    say(kind, String(this.#view[read](at)));
  }

  #sized(kind: string, width: number, depth: number, say: (kind: string, text: string) => void): void {
    const size = this.#number(width);
    const name = `${kind} ${width * 8}`;
    if (kind === 'str') say(name, short(this.#text(size)));
    else if (kind === 'ext') this.#extension(name, size, say);
    else if (kind === 'bin') {
      this.#at += size;
      say(name, `${size} bytes`);
    } else this.#children(name, kind === 'map' ? size * 2 : size, depth, say);
  }

  #text(size: number): string {
    const at = this.#at;
    this.#at += size;
    return decoder.decode(this.bytes.subarray(at, at + size));
  }

  #extension(kind: string, size: number, say: (kind: string, text: string) => void): void {
    const type = this.#view.getInt8(this.#at);
    this.#at += 1 + size;
    say(kind, `type ${type}, ${size} bytes`);
  }

  #children(kind: string, count: number, depth: number, say: (kind: string, text: string) => void): void {
    const isMap = kind.includes('map');
    say(kind, isMap ? `${count / 2} pairs` : `${count} elements`);
    for (let index = 0; index < count && !this.isOver; index += 1) this.value(depth + 1);
  }
}

/** Bytes that are cut off, or no MessagePack, end the list early. */
export function structure(bytes: Uint8Array): Token[] {
  const walk = new Walk(bytes);
  try {
    while (!walk.isOver) walk.value(0);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return walk.tokens;
}
