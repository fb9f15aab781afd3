import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { createObservabilityHandler, renderDashboard } from '../../index.mjs';
import { LOGIN, ask, parts, request, response } from './plain.mjs';

const basic = (text) => `Basic ${Buffer.from(text).toString('base64')}`;
const handlerOf = (given) => createObservabilityHandler(parts(given));

test('a path that is not of the dashboard is left alone', async () => {
  const handler = handlerOf();
  for (const url of ['/', '/dashboard', '/Dash', '//dash', '//', '', '*', undefined, '/x?y=/dash', 5, '\ud800']) {
    const told = response();
    assert.equal(handler(request(url, { method: 'POST', authorization: null }), told), false, String(url));
    assert.equal(told.status, undefined);
    assert.equal(told.headersSent, false);
  }
});

test('the handler never throws, whatever it is given', () => {
  const handler = handlerOf();
  for (const given of [undefined, null, {}, { url: '/dash' }, { url: Symbol('x'), headers: {} }]) {
    assert.equal(typeof handler(given, response()), 'boolean');
  }
  assert.equal(handler(request('/dash'), {}), true);
});

test('a request that is not for the dashboard goes on by next, if there is one', async () => {
  const handler = handlerOf();
  const went = [];
  assert.equal(
    handler(request('/other'), response(), () => went.push('other')),
    false,
  );
  assert.equal(
    handler(request('/dash'), response(), () => went.push('dash')),
    true,
  );
  assert.deepEqual(went, ['other']);
});

test('the method comes before the login, and that before the route; both are answered at once', async () => {
  const handler = handlerOf();
  const post = await ask(handler, '/dash/nowhere', { method: 'POST', authorization: null });
  assert.deepEqual([post.isOurs, post.atOnce, post.headers['Content-Type']], [true, 405, 'application/json']);
  assert.equal(post.body, '{"error":"method not allowed"}');
  const open = await ask(handler, '/dash/nowhere', { authorization: null });
  assert.deepEqual([open.isOurs, open.atOnce, open.headers['Content-Type']], [true, 401, 'application/json']);
  assert.equal(open.headers['WWW-Authenticate'], 'Basic realm="lazy-layers-cache observability"');
  assert.equal(open.body, '{"error":"unauthorized"}');
  const nowhere = await ask(handler, '/dash/nowhere');
  assert.deepEqual([nowhere.status, nowhere.headers['Content-Type']], [404, 'application/json']);
  assert.equal(nowhere.body, '{"error":"not found"}');
});

test('the page is at the base with and without a slash', async () => {
  const handler = handlerOf();
  for (const [url, link] of [
    ['/dash', './dash/'],
    ['/dash/', './'],
    ['/dash?x', './dash/'],
  ]) {
    const told = await ask(handler, url);
    assert.deepEqual([told.status, told.headers['Content-Type']], [200, 'text/html; charset=utf-8']);
    assert.match(told.body, /<title>lazy-layers-cache · observability<\/title>/);
    assert.ok(told.body.includes(`="${link}`), link);
    const policy = told.headers['Content-Security-Policy'];
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
  }
  assert.ok(renderDashboard('/dash').includes('="/dash/'));
  assert.ok(renderDashboard('/').includes('="/'));
  assert.doesNotMatch(renderDashboard('/"><script>'), /"><script>/);
});

test('the page has no inline script, no inline style and no address of another server', () => {
  const page = renderDashboard('/dash');
  assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)/);
  assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|https?:/);
});

test('files of the page need no login, and have names that change with their contents', async () => {
  const handler = handlerOf();
  const page = renderDashboard('/dash');
  const files = [...page.matchAll(/="(\/dash\/assets\/[^"]+)"/g)].map(([, file]) => file);
  assert.ok(files.length >= 2);
  for (const file of files) {
    const told = await ask(handler, file, { authorization: null });
    assert.equal(told.status, 200, file);
    assert.match(told.headers['Cache-Control'], /immutable/);
    assert.equal(told.headers['Content-Encoding'], undefined);
  }
  assert.equal((await ask(handler, '/dash/assets/none.js', { authorization: null })).status, 401);
});

test('each route has its type and the answers of the parts', async () => {
  const handler = handlerOf({
    inspector: { inspectL1: async () => ({ size: 1, keys: [{ key: 'k', value: { a: 1 } }] }) },
  });
  const overview = await ask(handler, '/dash/api/overview');
  assert.deepEqual([overview.status, overview.headers['Content-Type']], [200, 'application/json']);
  assert.equal(overview.json.maxEvents, 10);
  const first = await ask(handler, '/dash/api/l1');
  assert.deepEqual(first.json, { size: 1, keys: [{ key: 'k', value: { a: 1 } }] });
  assert.equal((await ask(handler, '/dash/api/l2')).body, 'null');
  assert.deepEqual((await ask(handler, '/dash/api/config')).json, { source: 's' });
});

test('a layer whose inspect rejects is a 500 that says why', async () => {
  const handler = handlerOf({ inspector: { inspectL2: () => Promise.reject(new Error('away')) } });
  const told = await ask(handler, '/dash/api/l2');
  assert.deepEqual([told.status, told.headers['Content-Type']], [500, 'application/json']);
  assert.deepEqual(told.json, { error: 'Error: away' });
});

test('the query selects the entries of a layer that are listed', async () => {
  const seen = [];
  const handler = handlerOf({ inspector: { inspectL1: async (options) => void seen.push(options) } });
  for (const query of ['', '?limit=2abc', '?limit=-1', '?limit=x&values=false', '?cursor=7&match=a%3A*&values=true']) {
    await ask(handler, `/dash/api/l1${query}`);
  }
  assert.deepEqual(seen, [
    { limit: 100, includeValues: true },
    { limit: 2, includeValues: true },
    { limit: 100, includeValues: true },
    { limit: 100, includeValues: false },
    { limit: 100, cursor: '7', match: 'a:*', includeValues: true },
  ]);
});

test('logins are by name and password, split at the first colon', async () => {
  const handler = handlerOf({ options: { auth: { username: 'u', password: 'p:q' } } });
  const status = async (authorization, url = '/dash') => (await ask(handler, url, { authorization })).status;
  assert.equal(await status(basic('u:p:q')), 200);
  assert.equal(await status(basic('u:p')), 401);
  assert.equal(await status(basic('u:p:q ')), 401);
  assert.equal(await status('Bearer p:q'), 401);
  assert.equal(await status(null, '/dash?token='), 401);
});

test('with a token it opens the dashboard by the query or as Bearer, and the password still does', async () => {
  const handler = handlerOf({ options: { auth: { token: 'tok' } } });
  const status = async (authorization, url = '/dash') => (await ask(handler, url, { authorization })).status;
  assert.equal(await status('Bearer tok'), 200);
  assert.equal(await status('Bearer to'), 401);
  assert.equal(await status(null, '/dash/api/overview?token=tok'), 200);
  assert.equal(await status(null, '/dash?token=no'), 401);
  assert.equal(await status(LOGIN), 200);
});

test('without a login everybody is let in', async () => {
  const handler = handlerOf({ options: { auth: { disabled: true } } });
  assert.equal((await ask(handler, '/dash', { authorization: null })).status, 200);
});

test('metrics are off, or for who is let in, or for everybody', async () => {
  const off = await ask(handlerOf(), '/dash/metrics');
  assert.deepEqual([off.status, off.headers['Content-Type']], [404, 'application/json']);
  assert.equal(off.body, '{"error":"prometheus disabled"}');
  const open = { authorization: null };
  const closed = handlerOf({ options: { prometheus: { enabled: true } } });
  assert.equal((await ask(closed, '/dash/metrics', open)).status, 401);
  const told = await ask(closed, '/dash/metrics');
  assert.deepEqual([told.status, told.headers['Content-Type']], [200, 'text/plain; version=0.0.4; charset=utf-8']);
  const everybody = handlerOf({ options: { prometheus: { enabled: true, public: true } } });
  assert.equal((await ask(everybody, '/dash/metrics', open)).status, 200);
  assert.equal((await ask(everybody, '/dash/api/overview', open)).status, 401);
  const publicButOff = handlerOf({ options: { prometheus: { enabled: false, public: true } } });
  assert.equal((await ask(publicButOff, '/dash/metrics', open)).status, 401);
});

test('a stream begins with the kept events, goes on live, and ends with its request', async () => {
  const given = parts();
  const handler = createObservabilityHandler(given);
  given.collector.handle({ type: 'set', key: 'a' });
  given.collector.handle({ type: 'set', key: 'b' });
  const told = await ask(handler, '/dash/stream');
  assert.equal(told.status, 200);
  assert.equal(told.headers['Content-Type'], 'text/event-stream');
  assert.equal(told.headers['Cache-Control'], 'no-cache, no-transform');
  assert.equal(told.headers.Connection, 'keep-alive');
  assert.equal(told.headers['X-Accel-Buffering'], 'no');
  given.collector.handle({ type: 'delete', key: 'c' });
  const [first, ...events] = told.body.trimEnd().split('\n\n');
  assert.equal(first, 'retry: 3000');
  const read = events.map((event) => JSON.parse(event.replace(/^data: /, '')));
  assert.deepEqual(
    read.map(({ seq, type, data }) => [seq, type, data.key]),
    [
      [1, 'set', 'a'],
      [2, 'set', 'b'],
      [3, 'delete', 'c'],
    ],
  );
  const { length } = told.body;
  told.request.close();
  given.collector.handle({ type: 'delete', key: 'd' });
  assert.equal(told.body.length, length);
  assert.equal(given.collector.subscriptions, 0);
});

test('a stream ends with its response, too, and goes on after a number', async () => {
  const given = parts();
  const handler = createObservabilityHandler(given);
  for (const key of ['a', 'b', 'c']) given.collector.handle({ type: 'set', key });
  const told = await ask(handler, '/dash/stream?from=2');
  assert.deepEqual(told.body.match(/"seq":\d+/g), ['"seq":3']);
  told.close();
  assert.equal(given.collector.subscriptions, 0);
});

test('a stream shows a sign of life every 25 seconds', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  // The timers of the dashboard are those that were there when it was loaded: a copy is loaded now.
  const { createRequire } = await import('node:module');
  const load = createRequire(import.meta.url);
  const path = load.resolve('../../lib/observability/event-stream.js');
  delete load.cache[path];
  const { EventStream } = load(path);
  const sent = [];
  const sink = { write: (text) => sent.push(text), waiting: () => 0, end() {} };
  const stream = new EventStream({ subscribe: () => () => {} }, String, sink, () => {});
  context.mock.timers.tick(24_999);
  assert.deepEqual(sent, ['retry: 3000\n\n']);
  context.mock.timers.tick(25_001);
  assert.deepEqual(sent, ['retry: 3000\n\n', ': ping\n\n', ': ping\n\n']);
  stream.close();
});

test('HEAD of the stream answers with the headers and ends, HEAD of the rest has no body', async () => {
  const given = parts();
  const handler = createObservabilityHandler(given);
  const stream = await ask(handler, '/dash/stream', { method: 'HEAD' });
  assert.deepEqual([stream.status, stream.writableEnded, stream.body], [200, true, '']);
  assert.equal(given.collector.subscriptions, 0);
  const overview = await ask(handler, '/dash/api/overview', { method: 'HEAD' });
  assert.deepEqual([overview.status, overview.writableEnded, overview.body], [200, true, '']);
});

test('a storm of events is thinned out: the last ones arrive, and numbers tell how many did not', async () => {
  const given = parts({ maxEvents: 1000 });
  const handler = createObservabilityHandler(given);
  const told = await ask(handler, '/dash/stream');
  for (let at = 0; at < 20_000; at += 1) given.collector.handle({ type: 'hit', level: 'L1', key: 'k' });
  while (!told.body.includes('"seq":20000,')) await turn();
  const { length } = told.body.match(/data: /g);
  assert.ok(length <= 350, `${length} events were sent`);
  told.close();
});

test('a client that does not read is dropped and told', async () => {
  const given = parts();
  const handler = createObservabilityHandler(given);
  const told = response();
  told.writableLength = 2 << 20;
  handler(request('/dash/stream'), told);
  assert.match(told.body, /: dropped, as it did not keep up\n\n$/);
  assert.equal(told.writableEnded, true);
  assert.equal(given.collector.subscriptions, 0);
});

test('so many streams are open at a time, and others are told so', async () => {
  const handler = handlerOf();
  const open = [];
  for (let at = 0; at < 20; at += 1) open.push(await ask(handler, '/dash/stream'));
  const refused = await ask(handler, '/dash/stream');
  assert.deepEqual([refused.status, refused.json], [503, { error: 'too many streams are open' }]);
  open[0].close();
  assert.equal((await ask(handler, '/dash/stream')).status, 200);
});

test('a response that was sent meanwhile is left alone', async () => {
  let answer;
  const handler = handlerOf({ inspector: { inspectL1: () => new Promise((resolve) => (answer = resolve)) } });
  const told = response();
  handler(request('/dash/api/l1'), told);
  told.writeHead(500, {});
  told.end('other');
  answer(null);
  await turn();
  assert.deepEqual([told.status, told.body], [500, 'other']);
});

test('values that JSON lacks are shown as themselves', async () => {
  const cyclic = { name: 'c' };
  cyclic.self = cyclic;
  const map = new Map([['a', new Set([1n])]]);
  map.set('map', map);
  const values = [cyclic, map, undefined, NaN, () => {}, Symbol('s'), new Error('no'), /x/, new Float64Array([1])];
  const thrower = {
    get bad() {
      throw new Error('getter');
    },
  };
  const keys = [...values, thrower, '</script>'].map((value, at) => ({ key: `k${at}`, value }));
  const handler = handlerOf({ inspector: { inspectL1: async () => ({ size: keys.length, keys }) } });
  const told = await ask(handler, '/dash/api/l1');
  assert.deepEqual(
    told.json.keys.map(({ value }) => value),
    [
      { name: 'c', self: { $type: 'circular' } },
      {
        $type: 'Map',
        entries: [
          ['a', { $type: 'Set', values: [{ $type: 'bigint', text: '1' }] }],
          ['map', { $type: 'circular' }],
        ],
      },
      { $type: 'undefined' },
      { $type: 'number', text: 'NaN' },
      { $type: 'function', text: '' },
      { $type: 'symbol', text: 'Symbol(s)' },
      { $type: 'Error', text: 'Error: no' },
      { $type: 'RegExp', text: '/x/' },
      { $type: 'bytes', name: 'Float64Array', length: 8, base64: 'AAAAAAAA8D8=' },
      { $type: 'unreadable', text: 'Error: getter' },
      '</script>',
    ],
  );
});

test('a page has an end, however large its values are', async () => {
  const keys = Array.from({ length: 100 }, (_, at) => ({ key: `k${at}`, value: 'x'.repeat(1 << 20) }));
  const handler = handlerOf({ inspector: { inspectL1: async () => ({ size: 100, keys }) } });
  const told = await ask(handler, '/dash/api/l1?limit=100');
  assert.ok(told.body.length < 40 << 20, String(told.body.length));
  const whole = told.json.keys.filter(({ value }) => value !== undefined);
  assert.ok(whole.length >= 32 && whole.length < 40);
  assert.deepEqual(told.json.keys.at(-1), { key: 'k99', truncated: true });
});

test('an item of a store that is no entry is shown as it is', async () => {
  const keys = [null, 5, { value: 1 }, {}];
  for (const values of ['shown', 'hidden']) {
    const handler = handlerOf({ options: { values }, inspector: { inspectL1: async () => ({ keys }) } });
    const told = await ask(handler, '/dash/api/l1');
    assert.equal(told.status, 200);
    assert.deepEqual(told.json.keys.slice(0, 2), [null, 5]);
  }
});

test('values are hidden or redacted in every answer, that of events included', async () => {
  const message = { type: 'set', keys: ['k'], value: 'secret', source: 's', ts: 1 };
  const ways = {
    hidden: { values: 'hidden' },
    redacted: { redact: (key) => `redacted ${key}` },
    failed: {
      redact() {
        throw new Error('no');
      },
    },
    late: { redact: async (key, value) => value },
    rejected: { redact: () => Promise.reject(new Error('no')) },
  };
  for (const [name, options] of Object.entries(ways)) {
    const given = parts({
      options,
      inspector: { inspectL1: async () => ({ size: 1, keys: [{ key: 'k', value: 'secret' }] }) },
    });
    const handler = createObservabilityHandler(given);
    given.collector.handle({ type: 'invalidation:received', eventId: 'e', eventType: 'set', event: message });
    for (const path of ['api/l1', 'api/events', 'stream']) {
      const told = await ask(handler, `/dash/${path}`);
      assert.equal(told.status, 200);
      assert.doesNotMatch(told.body, /secret/, `${name} ${path}`);
      if (name === 'redacted') assert.match(told.body, /redacted k/);
      told.close();
    }
  }
});

test('a route of one slash has the page and the API at the root', async () => {
  const handler = handlerOf({ options: { route: '/' } });
  assert.equal((await ask(handler, '/')).status, 200);
  assert.equal((await ask(handler, '/api/overview')).json.maxEvents, 10);
  assert.equal((await ask(handler, '/other')).status, 404);
});

test('further questions about plain parts are answered where they can be', async () => {
  const given = parts();
  const handler = createObservabilityHandler(given);
  given.collector.handle({ type: 'set', key: 'a' });
  given.collector.handle({ type: 'set', key: 'b' });
  assert.deepEqual(
    (await ask(handler, '/dash/api/events?key=a')).json.events.map(({ seq }) => seq),
    [1],
  );
  assert.equal((await ask(handler, '/dash/api/key?key=a')).status, 404);
  assert.equal((await ask(handler, '/dash/api/caches')).status, 200);
});
