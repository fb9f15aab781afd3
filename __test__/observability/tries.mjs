// The dashboard in a server of somebody else's, in this process or another.
import assert from 'node:assert/strict';
import { LOGIN } from './plain.mjs';

export const login = { headers: { authorization: LOGIN } };

/**
 * What is tried with each server that the dashboard is mounted into, where everything else is a teapot: `say` sends a
 * request to it, `cache` is that of the dashboard, which allows actions and has the value `{ a: 1 }` under `k`.
 */
export const TRIES = {
  async 'the dashboard is there, and the rest is not its'(say) {
    const page = await say('/observelazyily');
    assert.equal(page.status, 200);
    assert.match(await page.text(), /lazy-layers-cache · observability/);
    const { keys } = await (await say('/observelazyily/api/l1?match=k')).json();
    assert.deepEqual(
      keys.map(({ key, value }) => [key, value]),
      [['k', { a: 1 }]],
    );
    assert.equal((await say('/observelazyily/api/overview', { headers: {} })).status, 401);
    assert.equal((await say('/observelazyily/nowhere')).status, 404);
    assert.equal((await say('/observelazyily', { method: 'DELETE' })).status, 405);
    assert.equal((await say('/other')).status, 418);
    assert.equal((await say('/observelazyily/api/overview', { method: 'HEAD' })).status, 200);
  },
  async 'events are streamed, and the stream ends with its client'(say, cache, name) {
    const abort = new AbortController();
    const stream = await say('/observelazyily/stream', { signal: abort.signal });
    assert.equal(stream.headers.get('content-type'), 'text/event-stream');
    const reader = stream.body.getReader();
    let seen = '';
    const key = `live-${name}`;
    while (!seen.includes('retry: 3000')) seen += Buffer.from((await reader.read()).value).toString();
    await cache.set(key, 1);
    while (!seen.includes(key)) seen += Buffer.from((await reader.read()).value).toString();
    await reader.cancel().catch(() => {});
    abort.abort();
  },
  async 'an action is taken, whatever has read the body'(say, cache) {
    await cache.set('gone', 1);
    const headers = { ...login.headers, 'x-lazy-layers-action': '1', 'content-type': 'application/json' };
    const options = { method: 'POST', headers, body: '{}' };
    const answer = await say('/observelazyily/api/actions/delete?key=gone', options);
    assert.deepEqual([answer.status, await answer.json()], [200, { done: true }]);
    assert.equal(await cache.get('gone'), undefined);
  },
};
