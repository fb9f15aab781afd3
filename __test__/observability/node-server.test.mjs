import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createObservabilityHandler, startObservabilityServer } from '../../index.mjs';
import { runFixture } from '../support/run-node.mjs';
import { LOGIN, parts } from './plain.mjs';

const HERE = { host: '127.0.0.1', port: 0, route: '/dash' };
const login = { headers: { authorization: LOGIN } };

async function start(given) {
  const made = parts(given);
  const handle = startObservabilityServer(createObservabilityHandler(made), HERE);
  if (!handle.server.listening) await once(handle.server, 'listening');
  return { ...made, handle };
}

test('the handle says where it listens, also on a port that was free', async () => {
  const { handle } = await start();
  assert.equal(handle.host, '127.0.0.1');
  assert.ok(handle.port > 0);
  assert.equal(handle.port, handle.server.address().port);
  assert.equal(handle.url, `http://127.0.0.1:${handle.port}/dash`);
  assert.equal((await fetch(handle.url, login)).status, 200);
  await handle.close();
});

test('a path of nobody is 404 as plain text', async () => {
  const { handle } = await start();
  const answer = await fetch(`http://127.0.0.1:${handle.port}/other`);
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [404, 'text/plain']);
  assert.equal(await answer.text(), 'Not found');
  await handle.close();
});

/** The answer of a server to this request line. */
async function say(port, line) {
  const socket = connect(port, '127.0.0.1');
  socket.end(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

test('targets that are no path are 400, and the process goes on', async () => {
  const { handle } = await start();
  for (const target of ['//', '*', '//dash']) {
    assert.match(await say(handle.port, `GET ${target}`), /^HTTP\/1\.1 400 /, target);
  }
  assert.equal((await fetch(handle.url, login)).status, 200);
  await handle.close();
});

test('closing ends open streams at once, and twice resolves', async () => {
  const { handle, collector } = await start();
  const stream = await fetch(`${handle.url}/stream`, login);
  const reader = stream.body.getReader();
  await reader.read();
  await handle.close();
  await handle.close();
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  });
  assert.equal(collector.subscriptions, 0);
  assert.equal(handle.server.listening, false);
});

for (const kind of ['cache', 'handler']) {
  test(`a server of a ${kind} keeps no process alive, unless it is told to`, async () => {
    const path = fileURLToPath(new URL('fixtures/idle-server.mjs', import.meta.url));
    const idle = await runFixture(path, [kind]);
    assert.deepEqual([idle.code, idle.timedOut], [0, false], idle.stderr);
    const kept = await runFixture(path, [kind, 'stays']);
    assert.match(kept.stdout, /alive/);
    assert.deepEqual([kept.code, kept.timedOut], [0, false], kept.stderr);
  });
}

test('an address that is taken is logged, and ends nothing', async (context) => {
  const log = context.mock.method(console, 'error', () => {});
  const { handle } = await start();
  const second = startObservabilityServer(() => false, { ...HERE, port: handle.port });
  await once(second.server, 'error');
  assert.match(log.mock.calls[0].arguments.join(' '), /EADDRINUSE/);
  await second.close();
  await handle.close();
});
