import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { after, before, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { LOGIN } from './plain.mjs';

let cache;
let mounted;
let doors;

/** The answer of a server to a request: its status, the headers of this package, and its body. */
function say(port, { method = 'GET', path, headers }) {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', method, path, headers }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => {
        body += chunk;
        // A stream does not end by itself.
        if (answer.headers['content-type'] === 'text/event-stream') asked.destroy();
      });
      answer.on('close', () => resolve({ status: answer.statusCode, headers: shown(answer.headers), body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

const CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date', 'content-length']);

/** Headers but those of the connection. */
function shown(headers) {
  const ours = Object.entries(headers).filter(([name]) => !CONNECTION.has(name));
  return Object.fromEntries(ours);
}

async function sayToFetch({ method = 'GET', path, headers }) {
  const asked = new Request(`http://127.0.0.1${path}`, { method, headers });
  const answer = await cache.getObservabilityHandler().handle(asked);
  const isStream = answer.headers.get('content-type') === 'text/event-stream';
  const reader = isStream && answer.body ? answer.body.getReader() : undefined;
  const body = reader === undefined ? await answer.text() : String(Buffer.from((await reader.read()).value));
  await reader?.cancel();
  return { status: answer.status, headers: shown(Object.fromEntries(answer.headers)), body };
}

before(async () => {
  cache = new LazyLayersCache({
    observability: {
      enabled: true,
      quiet: true,
      actions: true,
      auth: { token: 'tok' },
      server: { port: 0 },
      prometheus: { enabled: true, prefix: 'app' },
    },
  });
  const handler = cache.getObservabilityHandler();
  mounted = createServer((asked, answer) => handler(asked, answer));
  await new Promise((resolve) => mounted.listen(0, '127.0.0.1', resolve));
  await cache.set('k', { a: 1 });
  await cache.get('k');
  doors = {
    'the handler': (asked) => say(mounted.address().port, asked),
    'handle(request)': sayToFetch,
    'the server': (asked) => say(cache.getObservabilityServer().port, asked),
  };
});

after(async () => {
  mounted.close();
  mounted.closeAllConnections();
  await cache.close();
});

const DASH = '/observelazyily';
const login = { authorization: LOGIN };
const action = { ...login, 'x-lazy-layers-action': '1' };

/** Requests to which all doors say the same, to the letter. */
const SAME = {
  'the page': { path: DASH },
  'the page in its folder': { path: `${DASH}/` },
  'the page by a token': { path: `${DASH}?token=tok`, headers: {} },
  nobody: { path: DASH, headers: {} },
  'a wrong password': { path: DASH, headers: { authorization: 'Basic eDp5' } },
  'a wrong method': { path: DASH, method: 'PUT' },
  'HEAD of the page': { path: DASH, method: 'HEAD' },
  'HEAD of the stream': { path: `${DASH}/stream`, method: 'HEAD' },
  'a page of L1': { path: `${DASH}/api/l1?match=k&values=false` },
  'L2, of which there is none': { path: `${DASH}/api/l2` },
  'the configuration': { path: `${DASH}/api/config` },
  events: { path: `${DASH}/api/events` },
  loads: { path: `${DASH}/api/loads` },
  'the bus': { path: `${DASH}/api/bus` },
  latencies: { path: `${DASH}/api/latency` },
  advice: { path: `${DASH}/api/advice` },
  'a tree': { path: `${DASH}/api/tree` },
  'a key without its name': { path: `${DASH}/api/key` },
  nowhere: { path: `${DASH}/nowhere` },
  'an action of another site': {
    path: `${DASH}/api/actions/delete?key=x`,
    method: 'POST',
    headers: { ...action, origin: 'http://evil' },
  },
  'an action without its header': { path: `${DASH}/api/actions/delete?key=x`, method: 'POST' },
  'an action': { path: `${DASH}/api/actions/delete?key=none`, method: 'POST', headers: action },
  'an action that there is not': { path: `${DASH}/api/actions/drop?key=x`, method: 'POST', headers: action },
};

for (const [what, asked] of Object.entries(SAME)) {
  test(`all doors say the same: ${what}`, async () => {
    const answers = [];
    for (const [door, ask] of Object.entries(doors)) {
      answers.push([door, await ask({ headers: login, ...asked })]);
    }
    const [[, first], ...others] = answers;
    const still = ({ body, ...answer }) => ({ ...answer, body: body.replace(/"ttlRemainingMs":\d+/g, '') });
    for (const [door, answer] of others) assert.deepEqual(still(answer), still(first), door);
  });
}

test('all doors stream the same', async () => {
  for (const [door, ask] of Object.entries(doors)) {
    const { status, headers, body } = await ask({ path: `${DASH}/stream`, headers: login });
    assert.equal(status, 200, door);
    assert.equal(headers['content-type'], 'text/event-stream', door);
    assert.equal(headers['cache-control'], 'no-cache, no-transform', door);
    assert.equal(headers['x-accel-buffering'], 'no', door);
    assert.ok(body.startsWith('retry: 3000\n\n'), door);
  }
});

test('all doors count the same', async () => {
  const numbers = (text) => JSON.stringify({ ...JSON.parse(text), uptimeMs: 0 });
  const still = (text) => text.split('\n').filter((line) => !/uptime|dashboard_|event_loop/.test(line));
  const overviews = new Set();
  const metrics = [];
  for (const ask of Object.values(doors)) {
    overviews.add(numbers((await ask({ path: `${DASH}/api/overview`, headers: login })).body));
    metrics.push(still((await ask({ path: `${DASH}/metrics`, headers: login })).body));
  }
  assert.equal(overviews.size, 1, [...overviews].join('\n'));
  assert.deepEqual(metrics[1], metrics[0]);
  assert.deepEqual(metrics[2], metrics[0]);
});
