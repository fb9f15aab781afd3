// Calls of a cache without pause, while its Redis is hurt.
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { until } from '../support/deferred.mjs';

/** Milliseconds that a call may take beyond the deadline: machines are busy. */
const SLACK_MS = 1000;

export class Load {
  #stopped = false;
  #workers;

  /**
   * @param {import("../../index.mjs").LazyLayersCache} cache without a first layer, so that every call asks Redis
   * @param {{ workers?: number }} [options]
   */
  constructor(cache, { workers = 20 } = {}) {
    this.cache = cache;
    this.calls = 0;
    this.rejections = [];
    this.wrong = [];
    this.longestMs = 0;
    this.#workers = Array.from({ length: workers }, (_, id) => this.#work(id));
  }

  async #work(id) {
    const { cache } = this;
    for (let round = 0; !this.#stopped; round += 1) {
      const key = `k${id}:${round % 50}`;
      await this.#call(() => cache.set(key, { key, round }));
      const value = await this.#call(() => cache.get(key));
      if (value !== undefined && value.key !== key) this.wrong.push({ key, value });
      const loaded = await this.#call(() => cache.getOrSet(key, async () => ({ key, round })));
      if (loaded?.key !== key) this.wrong.push({ key, loaded });
      await this.#call(() => cache.has(key));
      if (round % 10 === 0) await this.#call(() => cache.delete(key));
      await nextTurn();
    }
  }

  async #call(act) {
    this.calls += 1;
    const start = performance.now();
    try {
      return await act();
    } catch (error) {
      this.rejections.push(error);
      return { key: undefined };
    } finally {
      this.longestMs = Math.max(this.longestMs, performance.now() - start);
    }
  }

  /** Waits until a good number of further calls were made. */
  async more() {
    const before = this.calls;
    await until(() => this.calls > before + 500, 'calls go on');
  }

  /** Ends it, and asserts that no call was rejected, wrong, or held beyond the deadline. */
  async stop({ deadlineMs }) {
    this.#stopped = true;
    await Promise.all(this.#workers);
    assert.deepEqual(this.rejections, []);
    assert.deepEqual(this.wrong, []);
    assert.ok(this.longestMs <= deadlineMs + SLACK_MS, `a call took ${Math.round(this.longestMs)} ms`);
    assert.ok(this.calls > 100, 'there was load');
  }
}

/** Milliseconds until writes of the cache are in Redis again. */
export async function recovery(cache, redis, prefix) {
  const start = performance.now();
  await until(
    async () => {
      const token = String(performance.now());
      await cache.set('recovered', token);
      const payload = await redis.getBuffer(`${prefix}recovered`).catch(() => null);
      return payload?.includes(token);
    },
    'Redis is used again',
    15_000,
  );
  return performance.now() - start;
}
