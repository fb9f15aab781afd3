// Values that tell whose they are: of which key, and which write or load made them.
import { isDeepStrictEqual } from 'node:util';

const pad = (id) => `pad${id}`.repeat(1 + (id % 9));

const MAKERS = {
  object: (key, id) => ({ key, id, pad: pad(id) }),
  text: (key, id) => `${id}|${key}|${pad(id)}`,
  array: (key, id) => [id, key, { pad: pad(id) }],
  bytes: (key, id) => Buffer.from(`${id}|${key}|${pad(id)}`),
  /** Above the size from which values are gzipped and sealed apart. */
  large: (key, id) => ({ key, id, pad: pad(id).repeat(3000) }),
  null: () => null,
};

const KINDS = { object: 50, text: 20, array: 10, bytes: 10, null: 5 };

/**
 * @param {import('./random.mjs').Random} random
 * @param {{ large?: boolean }} [options]
 */
export function someKind(random, { large = false } = {}) {
  return random.weighted(large ? { ...KINDS, large: 3 } : KINDS);
}

export const makeValue = (kind, key, id) => MAKERS[kind](key, id);

/** The id within a value, or undefined when it is none of ours. */
export function idOf(value) {
  if (Array.isArray(value)) return value[0];
  if (typeof value === 'string') return Number.parseInt(value, 10);
  if (value instanceof Uint8Array) return Number.parseInt(Buffer.from(value).toString(), 10);
  return value?.id;
}

/** Whether a value is, down to its last byte, the one that was made. */
export const isWhole = (value, origin) => isDeepStrictEqual(value, makeValue(origin.kind, origin.key, origin.id));
