// The dashboard in servers of `Request` objects, by `handle(request)`.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { TRIES, login } from '../observability/tries.mjs';
import { bun } from './bundlers.mjs';
import { withNext } from './frameworks.mjs';
import { isThere, tool, versionOf, whileServing } from './project.mjs';
import { DENO } from './runtimes.mjs';

/** The cache of a server, its dashboard, two paths that set and get a value of it, and a teapot. */
const ANSWERS = `import { LazyLayersCache } from 'lazy-layers-cache';
// One for the process: a framework may load this file once for each of its routes.
globalThis.theCache ??= new LazyLayersCache({
  observability: { enabled: true, quiet: true, server: false, actions: true },
});
const cache = globalThis.theCache;
const handler = cache.getObservabilityHandler();

export async function answer(request) {
  const dashboard = await handler.handle(request);
  if (dashboard !== undefined) return dashboard;
  const { pathname, searchParams } = new URL(request.url);
  const key = searchParams.get('key');
  if (pathname === '/set') await cache.set(key, JSON.parse(searchParams.get('value')));
  if (pathname === '/set' || pathname === '/get') return Response.json({ value: await cache.get(key) });
  return new Response('teapot', { status: 418 });
}
`;

/** The cache of a server as `TRIES` use it. */
function remoteCache(base) {
  const ask = async (path, params) => {
    const response = await fetch(`${base}/${path}?${new URLSearchParams(params)}`);
    return (await response.json()).value;
  };
  return { set: (key, value) => ask('set', { key, value: JSON.stringify(value) }), get: (key) => ask('get', { key }) };
}

/** Tries the dashboard of a server. */
async function tried(base, name) {
  const cache = remoteCache(base);
  await cache.set('k', { a: 1 });
  const say = (path, options = {}) => fetch(base + path, { ...login, ...options });
  for (const [what, attempt] of Object.entries(TRIES)) {
    await attempt(say, cache, name).catch((error) => assert.fail(`${what}: ${error.stack}`));
  }
}

/** A server of a runtime, and the line that it prints. */
async function triedAs(at, name, serve, command, args = [], env = {}) {
  const folder = at.project({ 'answer.mjs': ANSWERS, 'serve.mjs': `import { answer } from './answer.mjs';\n${serve}` });
  const ready = /listens (\d+)/;
  await whileServing(command, [...args, join(folder, 'serve.mjs')], { cwd: folder, env }, ready, ([, port]) =>
    tried(`http://127.0.0.1:${port}`, name),
  );
}

const BUN_SERVES = {
  tool: 'Bun',
  version: () => versionOf('@oven/bun-linux-x64'),
  only: isThere('@oven', 'bun-linux-x64'),
  what: '`Bun.serve`',
  run: (at) =>
    triedAs(
      at,
      'Bun',
      "const { port } = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer });\nconsole.log('listens', port);\n",
      bun(),
    ),
};

const DENO_SERVES = {
  tool: 'Deno',
  version: () => versionOf('@deno/linux-x64-glibc'),
  only: isThere(...DENO),
  what: '`Deno.serve`',
  run: (at) =>
    triedAs(
      at,
      'Deno',
      `Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => console.log('listens', port) }, answer);\n`,
      tool(...DENO),
      ['run', '-A'],
      { DENO_DIR: join(at.folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
    ),
};

const route = (depth) => `import { answer } from '${'../'.repeat(depth)}answer.mjs';
export const dynamic = 'force-dynamic';
export { answer as DELETE, answer as GET, answer as HEAD, answer as POST };
`;

const NEXT_SERVES = {
  tool: 'Next.js',
  version: () => versionOf('next'),
  only: process.platform === 'linux',
  what: 'a route handler at `app/observelazyily/[[...path]]/route.js`',
  run: (at) =>
    withNext(
      at,
      { 'answer.mjs': ANSWERS, 'app/observelazyily/[[...path]]/route.js': route(3), 'app/[other]/route.js': route(2) },
      (base) => tried(base, 'Next'),
    ),
};

const rows = [BUN_SERVES, DENO_SERVES, NEXT_SERVES];
export const DOORS = rows.map((row) => ({ needs: '`handler.handle(request)`', ...row }));
