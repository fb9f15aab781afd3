// The example of docs/dashboard.md for `prom-client`, as it stands there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';

const PAGE = readFileSync(new URL('../../docs/dashboard.md', import.meta.url), 'utf8');
const tools = createRequire(new URL('../tools/package.json', import.meta.url));
const here = createRequire(import.meta.url);

/** The registry that the example makes. */
function registryOfPage() {
  const [code] = [...PAGE.matchAll(/```javascript\n(.*?)```/gs)]
    .map((found) => found[1])
    .filter((text) => text.includes('prom-client'));
  const load = (name) => (name === 'prom-client' ? tools(name) : here('../../index.js'));
  return new Function('require', `${code}\nreturn register;`)(load);
}

test('a registry of prom-client has the caches among its metrics', async (t) => {
  const cache = new LazyLayersCache({ name: 'users' });
  t.after(() => cache.close());
  await cache.set('k', 1);
  const registry = registryOfPage();
  registry.registerMetric(new (tools('prom-client').Counter)({ name: 'mine_total', help: 'mine', registers: [] }));
  const text = await registry.metrics();
  assert.match(text, /^mine_total 0$/m);
  assert.match(text, /^process_cpu_user_seconds_total /m);
  assert.match(text, /^app_cache_writes_total\{cache="users",result="set"\} 1$/m);
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  assert.equal(new Set(names).size, names.length, 'no family is there twice');
});
