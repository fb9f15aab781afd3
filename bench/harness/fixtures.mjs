/**
 * Keys, values and access orders of the scenarios. Everything is derived from numbers, so that every process of a
 * run works on the same input.
 */

/** Builds a key from its parts, the way an application does for each request. */
export const buildKey = (id) => `user:${id}:profile`;

/**
 * Keys as they are when an application holds on to them: flat strings whose hash is known. A string fresh from a
 * template is neither, and the first lookup would pay for both; a `Set` makes it pay here.
 */
export function reusedKeys(count) {
  const seen = new Set();
  for (let id = 0; id < count; id++) seen.add(buildKey(id));
  return [...seen];
}

/** A small record of a database, about 190 bytes in MessagePack; `id` distinguishes the values. */
export function valueFor(id, revision = 0) {
  return {
    id,
    revision,
    name: `Customer number ${id}`,
    email: `customer.${id}@example.com`,
    tags: ['newsletter', 'trial', 'europe'],
    address: { street: 'Long Street 12', city: 'Springfield', zip: '12345' },
    score: id * 1.5 + 0.25,
    active: id % 2 === 0,
  };
}

export const values = (count, revision) => Array.from({ length: count }, (_, id) => valueFor(id, revision));

/** The numbers below `count` in a shuffled order that is the same in every process. */
export function shuffledIndexes(count) {
  const indexes = Uint32Array.from({ length: count }, (_, index) => index);
  let state = 0x9e3779b9;
  for (let last = count - 1; last > 0; last--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    const swapped = indexes[last];
    indexes[last] = indexes[other];
    indexes[other] = swapped;
  }
  return indexes;
}

/** The sum of the ids a loop over `indexes` must have read: one wrong value changes it. */
export const sumOfIds = (indexes) => indexes.reduce((sum, index) => sum + index, 0);

/** The time of a source that answers at the next turn of the event loop. */
export const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));
