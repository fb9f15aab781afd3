import { until } from './deferred.mjs';
import { record } from './events.mjs';

let keys = 0;

/** Waits until values of peers live as long as at their sender, and have stale copies: two seconds. */
export async function joined(one, other) {
  const seen = record(other);
  await until(async () => {
    const key = `joined:${keys++}`;
    await one.getOrSet(key, () => 1);
    await until(() => seen.of('set:received').some((event) => event.key === key), 'a value arrives');
    return (await other.getEntry(key))?.ttlMs > 10_000;
  }, 'values live long');
}
