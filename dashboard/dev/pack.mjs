/** As much of MessagePack as the sample values need. */
const head = (small, most, large, size) => {
  if (size <= most) return Buffer.from([small | size]);
  const bytes = Buffer.alloc(3);
  bytes[0] = large;
  bytes.writeUInt16BE(size, 1);
  return bytes;
};

function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([head(0xa0, 31, 0xda, bytes.length), bytes]);
}

function number(value) {
  if (Number.isInteger(value) && value >= 0 && value < 128) return Buffer.from([value]);
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xcb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

export function encodeMessagePack(value) {
  if (value === null || value === undefined) return Buffer.from([0xc0]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === 'number') return number(value);
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return Buffer.concat([head(0x90, 15, 0xdc, value.length), ...value.map(encodeMessagePack)]);
  const parts = Object.entries(value).flatMap(([name, each]) => [text(name), encodeMessagePack(each)]);
  return Buffer.concat([head(0x80, 15, 0xde, parts.length / 2), ...parts]);
}
