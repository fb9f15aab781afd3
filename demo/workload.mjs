import { performance } from 'node:perf_hooks';

/** Numbers between 0 and 1 that are the same in every run. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled(list, random) {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const swapped = copy[last];
    copy[last] = copy[other];
    copy[other] = swapped;
  }
  return copy;
}

/**
 * `count` requests for `keys` as real traffic has them, by Zipf's law: the key of rank r is asked for 1/r as often as
 * the first. Which key has which rank is drawn too, from `seed`.
 */
export function zipfRequests(keys, count, seed = 42) {
  const random = randomFrom(seed);
  const ranked = shuffled(keys, random);
  const upTo = [];
  let total = 0;
  for (let rank = 1; rank <= ranked.length; rank++) upTo.push((total += 1 / rank));
  return Array.from({ length: count }, () => ranked[firstAbove(upTo, random() * total)]);
}

/** The index of the first of the ascending `bounds` above `value`. */
function firstAbove(bounds, value) {
  let [low, high] = [0, bounds.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Serves `requests` with `handle(key)`, `clients` of them at a time, and stops taking new ones after `limitMs`.
 * Resolves to `{ latenciesMs, seconds }`; `onServed(count)` is called after each.
 */
export async function serve(requests, handle, { clients, limitMs = Infinity, onServed = () => {} }) {
  const latenciesMs = [];
  const started = performance.now();
  let next = 0;
  const client = async () => {
    while (next < requests.length && performance.now() - started < limitMs) {
      const key = requests[next++];
      const before = performance.now();
      await handle(key);
      latenciesMs.push(performance.now() - before);
      onServed(latenciesMs.length);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { latenciesMs, seconds: (performance.now() - started) / 1000 };
}
